// Transposed convolution, the gradient of the bias:
//
//   d_bias[o] = Σ d_output[n, o, Y, X]
//
// A workgroup for each channel. Each invocation adds up its own share of the places (n, Y, X); then the 64 shares are
// added in workgroup memory, always in the same order.

struct Dims {
    out_ch: u32,
    plane: u32,    // out_h · out_w
    places: u32,   // batch · out_h · out_w
    grads_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> d_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> grads: array<f32>;

var<workgroup> shares: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let o = workgroup.x;
    var sum = 0.0;
    for (var place = me; place < dims.places; place += 64) {
        sum += d_output[(place / dims.plane * dims.out_ch + o) * dims.plane + place % dims.plane];
    }
    shares[me] = sum;
    workgroupBarrier();
    if me == 0 {
        var all = 0.0;
        for (var share = 0u; share < 64; share++) {
            all += shares[share];
        }
        grads[dims.grads_at + o] = all;
    }
}
