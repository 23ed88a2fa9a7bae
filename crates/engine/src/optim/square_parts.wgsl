// The sum of the squared gradient, in parts: one for each workgroup. What is frozen counts nothing.
// Each invocation sums every (256 · workgroups)-th number, then the workgroup adds up in a tree: the order
// depends on the number of weights alone.

struct Dims {
    len: u32,   // weights of the network
    parts: u32, // workgroups
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> grads: array<f32>;
@group(0) @binding(2) var<storage, read> rates: array<u32>; // of each group: end, factor of the rate, factor of the decay, penalised
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>; // the parts

var<workgroup> sums: array<f32, 256>;

// The group of layers that weight i belongs to: the first that ends beyond it.
fn group_of(i: u32) -> u32 {
    var low = 0u;
    var high = arrayLength(&rates) / 4u - 1u;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (i < rates[4u * middle]) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) place: u32) {
    var sum = 0.0;
    for (var i = group.x * 256u + place; i < dims.len; i += 256u * dims.parts) {
        if (bitcast<f32>(rates[4u * group_of(i) + 1u]) != 0.0) {
            sum += grads[i] * grads[i];
        }
    }
    sums[place] = sum;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    if (place == 0u) {
        scratch[group.x] = sums[0];
    }
}
