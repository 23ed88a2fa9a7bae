// Transposed convolution, forward:
//
//   output[n, o, Y, X] = bias[o] + Σ weight[i, o, ky, kx] · input[n, i, y, x]
//
// summed over the input channels i (with groups, those of the group) and over all taps ky, kx that bring a pixel
// (y, x) here: Y = y·stride_h + ky·dilation_h − top, X = x·stride_w + kx·dilation_w − left.
//
// Each pixel of the input stamps the kernel onto the output. Written so, stamps that overlap would be added by
// several invocations at once; asked the other way round, which pixels come to this place, each invocation owns
// what it writes: one place in four channels. Of the taps only every stride-th brings a pixel.

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
    tiles: u32,      // fours of output channels in a group
    columns: u32,    // batch · out_h · out_w
    weight_at: u32,
    bias_at: u32,
    bias: u32,       // 1: there is one
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

// The pixel that a tap brings to a place, along one axis; `extent` where it brings none.
fn source(place: u32, tap: u32, pad: u32, stride: u32, dilation: u32, extent: u32) -> u32 {
    let begin = place + pad;
    let shift = tap * dilation;
    if begin < shift || (begin - shift) % stride != 0 {
        return extent;
    }
    return min((begin - shift) / stride, extent);
}

// The numbers of four channels, `step` apart.
fn of_channels(at: u32, channels: vec4<u32>, step: u32) -> vec4<f32> {
    let c = at + channels * step;
    return vec4(params[c.x], params[c.y], params[c.z], params[c.w]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let column = (workgroup.y * workgroups.x + workgroup.x) * 64 + me;
    if column >= dims.columns {
        return;
    }
    let x = column % dims.out_w;
    let y = column / dims.out_w % dims.out_h;
    let n = column / dims.out_w / dims.out_h;
    let group = workgroup.z / dims.tiles;
    // Channels within the group: the last one again where there are fewer than four.
    let channels = min(workgroup.z % dims.tiles * 4 + vec4(0u, 1, 2, 3), vec4(dims.out_ch - 1));
    let area = dims.kernel_h * dims.kernel_w;

    var sums = vec4(0.0);
    if dims.bias != 0 {
        sums = of_channels(dims.bias_at + group * dims.out_ch, channels, 1);
    }
    for (var ky = 0u; ky < dims.kernel_h; ky++) {
        let from_y = source(y, ky, dims.top, dims.stride_h, dims.dilation_h, dims.in_h);
        if from_y == dims.in_h {
            continue;
        }
        for (var kx = 0u; kx < dims.kernel_w; kx++) {
            let from_x = source(x, kx, dims.left, dims.stride_w, dims.dilation_w, dims.in_w);
            if from_x == dims.in_w {
                continue;
            }
            var pixel = ((n * dims.groups + group) * dims.in_ch * dims.in_h + from_y) * dims.in_w + from_x;
            var weight = dims.weight_at + group * dims.in_ch * dims.out_ch * area + ky * dims.kernel_w + kx;
            for (var i = 0u; i < dims.in_ch; i++) {
                sums += of_channels(weight, channels, area) * f32(input[pixel]);
                pixel += dims.in_h * dims.in_w;
                weight += dims.out_ch * area;
            }
        }
    }
    let plane = dims.out_h * dims.out_w;
    let to = ((n * dims.groups + group) * dims.out_ch + channels) * plane + y * dims.out_w + x;
    output[to.x] = Stored(sums.x);
    output[to.y] = Stored(sums.y);
    output[to.z] = Stored(sums.z);
    output[to.w] = Stored(sums.w);
}
