// Convolution, forward: one invocation for each output.
struct Dims { count: u32, groups: u32, in_ch: u32, out_ch: u32, in_h: u32, in_w: u32, out_h: u32, out_w: u32,
 kernel_h: u32, kernel_w: u32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32, top: i32, left: i32, before_y: i32, after_y: i32, before_x: i32, after_x: i32, slope: i32, at: u32, relu: u32, bias: u32 }
alias Stored = f32;
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;
fn source(at: i32, extent: u32, before: i32, after: i32) -> i32 {
    let beyond = select(after, before, at < 0) + dims.slope * at;
    return select(beyond, at, u32(at) < extent);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3<u32>, @builtin(num_workgroups) n: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = (w.y * n.x + w.x) * 64 + me;
    if i >= dims.count { return; }
    let x = i32(i % dims.out_w) * dims.stride_w - dims.left;
    let y = i32(i / dims.out_w % dims.out_h) * dims.stride_h - dims.top;
    let plane = dims.out_w * dims.out_h;
    let outs = dims.groups * dims.out_ch;
    let o = i / plane % outs;
    let b = i / (plane * outs);
    let g = o / dims.out_ch;
    var sum = 0.0;
    if dims.bias != 0 { sum = params[dims.at + outs * dims.in_ch * dims.kernel_h * dims.kernel_w + o]; }
    for (var c = 0u; c < dims.in_ch; c++) {
        for (var ky = 0u; ky < dims.kernel_h; ky++) {
            let sy = source(y + i32(ky) * dims.dilation_h, dims.in_h, dims.before_y, dims.after_y);
            for (var kx = 0u; kx < dims.kernel_w; kx++) {
                let sx = source(x + i32(kx) * dims.dilation_w, dims.in_w, dims.before_x, dims.after_x);
                if sy >= 0 && sx >= 0 {
                    sum += params[dims.at + ((o * dims.in_ch + c) * dims.kernel_h + ky) * dims.kernel_w + kx] *
                        f32(input[((b * dims.groups * dims.in_ch + g * dims.in_ch + c) * dims.in_h + u32(sy)) * dims.in_w + u32(sx)]);
                }
            }
        }
    }
    if dims.relu != 0 { sum = select(sum, 0.0, sum <= 0.0); }
    output[i] = Stored(sum);
}
