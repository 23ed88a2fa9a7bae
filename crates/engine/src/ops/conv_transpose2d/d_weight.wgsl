// Transposed convolution, the gradient of the weights:
//
//   d_weight[i, o, ky, kx] = Σ input[n, i, y, x] · d_output[n, o, y·stride_h + ky·dilation_h − top, x·stride_w + kx·dilation_w − left]
//
// summed over all pixels (n, y, x) of the input whose stamp lands in the output.
//
// A workgroup computes one tap (ky, kx) for 4 input channels × 4 output channels. Each invocation adds up its own share
// of the pixels, 4 numbers of the input times 4 of the gradient at each; then the 64 shares are added in workgroup
// memory, always in the same order.

alias Stored = f32;

struct Dims {
    groups: u32,
    in_ch: u32,      // of a group
    out_ch: u32,     // of a group
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    dilation_h: u32,
    dilation_w: u32,
    top: u32,        // rows and columns cut off the output
    left: u32,
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    tiles: u32,      // fours of input channels in a group
    places: u32,     // batch · in_h · in_w
    grads_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grads: array<f32>;

// The shares: 16 numbers for each invocation. A 17th place stays empty: an odd distance, so that neighbours write
// to different banks of the memory.
var<workgroup> shares: array<f32, 1088>;

fn hold(at: u32, v: vec4<f32>) {
    shares[at] = v.x;
    shares[at + 1] = v.y;
    shares[at + 2] = v.z;
    shares[at + 3] = v.w;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let group = workgroup.z / dims.tiles;
    // Channels within the group: the last one again where there are fewer than four.
    let first_in = workgroup.z % dims.tiles * 4;
    let first_out = workgroup.y * 4;
    let in_plane = dims.in_h * dims.in_w;
    let out_plane = dims.out_h * dims.out_w;
    let ins = min(first_in + vec4(0u, 1, 2, 3), vec4(dims.in_ch - 1)) * in_plane;
    let outs = min(first_out + vec4(0u, 1, 2, 3), vec4(dims.out_ch - 1)) * out_plane;
    let area = dims.kernel_h * dims.kernel_w;

    for (var tap = workgroup.x; tap < area; tap += workgroups.x) {
        // A column for each output channel.
        var sums = mat4x4<f32>();
        for (var place = me; place < dims.places; place += 64) {
            let x = place % dims.in_w;
            let y = place / dims.in_w % dims.in_h;
            let n = place / in_plane * dims.groups + group;
            // Below 0, in the part that is cut off, these wrap round to something far beyond the last.
            let to_y = y * dims.stride_h + tap / dims.kernel_w * dims.dilation_h - dims.top;
            let to_x = x * dims.stride_w + tap % dims.kernel_w * dims.dilation_w - dims.left;
            if to_y >= dims.out_h || to_x >= dims.out_w {
                continue;
            }
            let begin = n * dims.in_ch * in_plane + place % in_plane + ins;
            let to = n * dims.out_ch * out_plane + to_y * dims.out_w + to_x + outs;
            let pixels = vec4(f32(input[begin.x]), f32(input[begin.y]), f32(input[begin.z]), f32(input[begin.w]));
            let d = vec4(d_output[to.x], d_output[to.y], d_output[to.z], d_output[to.w]);
            sums += mat4x4(pixels * d.x, pixels * d.y, pixels * d.z, pixels * d.w);
        }
        workgroupBarrier(); // All are done with the last tap's shares.
        hold(me * 17, sums[0]);
        hold(me * 17 + 4, sums[1]);
        hold(me * 17 + 8, sums[2]);
        hold(me * 17 + 12, sums[3]);
        workgroupBarrier();
        let i = first_in + me % 4;
        let o = first_out + me / 4;
        if me < 16 && i < dims.in_ch && o < dims.out_ch {
            var sum = 0.0;
            for (var share = 0u; share < 64; share++) {
                sum += shares[share * 17 + me];
            }
            grads[dims.grads_at + ((group * dims.in_ch + i) * dims.out_ch + o) * area + tap] = sum;
        }
    }
}
