// Transposed convolution, the gradient of the input:
//
//   d_input[n, i, y, x] = Σ weight[i, o, ky, kx] · d_output[n, o, y·stride_h + ky·dilation_h − top, x·stride_w + kx·dilation_w − left]
//
// summed over the output channels o (with groups, those of the group) and the whole kernel: a pixel gets the gradient
// of every place that it stamped, times the weight that it stamped there with. This is an ordinary convolution of the
// output's gradient. Each invocation owns one pixel in four channels.

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
    columns: u32,    // batch · in_h · in_w
    weight_at: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read> d_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_input: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let column = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if column >= dims.columns {
        return;
    }
    let x = column % dims.in_w;
    let y = column / dims.in_w % dims.in_h;
    let n = column / dims.in_w / dims.in_h;
    let group = workgroup.z / dims.tiles;
    // Channels within the group: the last one again where there are fewer than four.
    let channels = min(workgroup.z % dims.tiles * 4 + vec4(0u, 1, 2, 3), vec4(dims.in_ch - 1));
    let area = dims.kernel_h * dims.kernel_w;
    let plane = dims.out_h * dims.out_w;

    var sums = vec4(0.0);
    for (var ky = 0u; ky < dims.kernel_h; ky++) {
        // Below 0, in the part that is cut off, this wraps round to something far beyond the last row.
        let to_y = y * dims.stride_h + ky * dims.dilation_h - dims.top;
        if to_y >= dims.out_h {
            continue;
        }
        for (var kx = 0u; kx < dims.kernel_w; kx++) {
            let to_x = x * dims.stride_w + kx * dims.dilation_w - dims.left;
            if to_x >= dims.out_w {
                continue;
            }
            var place = (n * dims.groups + group) * dims.out_ch * plane + to_y * dims.out_w + to_x;
            var weight = dims.weight_at + (group * dims.in_ch + channels) * dims.out_ch * area + ky * dims.kernel_w + kx;
            for (var o = 0u; o < dims.out_ch; o++) {
                sums += vec4(params[weight.x], params[weight.y], params[weight.z], params[weight.w]) * d_output[place];
                place += plane;
                weight += area;
            }
        }
    }
    let to = (((n * dims.groups + group) * dims.in_ch + channels) * dims.in_h + y) * dims.in_w + x;
    d_input[to.x] = sums.x;
    d_input[to.y] = sums.y;
    d_input[to.z] = sums.z;
    d_input[to.w] = sums.w;
}
