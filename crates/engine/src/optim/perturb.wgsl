// Sharpness-aware minimisation (Foret et al. 2021), the step up: p += rho · g / (norm + 1e-12).
// What is frozen stays.
// Every workgroup adds up the parts of the sum of squares by itself, in the same order.
// One weight for each invocation.

struct Dims {
    len: u32,   // weights of the network
    parts: u32, // at most 256
    rho: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> grads: array<f32>;
@group(0) @binding(2) var<storage, read> rates: array<u32>; // of each group: end, factor of the rate, factor of the decay, penalised
@group(0) @binding(3) var<storage, read> scratch: array<f32>; // the parts
@group(0) @binding(4) var<storage, read_write> params: array<f32>;

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
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    sums[place] = 0.0;
    if (place < dims.parts) {
        sums[place] = scratch[place];
    }
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if (place < half) {
            sums[place] += sums[place + half];
        }
        workgroupBarrier();
    }
    let norm = sqrt(sums[0]);
    let i = (group.y * groups.x + group.x) * 256u + place;
    if (i >= dims.len) {
        return;
    }
    if (bitcast<f32>(rates[4u * group_of(i) + 1u]) != 0.0) {
        params[i] += grads[i] * (dims.rho / (norm + 1e-12));
    }
}
