// Convolution, gradient of weights and bias: one invocation for each.
struct Dims { count: u32, weights: u32, batch: u32, groups: u32, in_ch: u32, out_ch: u32, in_h: u32, in_w: u32, out_h: u32, out_w: u32,
 kernel_h: u32, kernel_w: u32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32, top: i32, left: i32, before_y: i32, after_y: i32, before_x: i32, after_x: i32, slope: i32, at: u32, relu: u32 }
alias Stored = f32;
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> grads: array<f32>;
fn source(at: i32, extent: u32, before: i32, after: i32) -> i32 {
    let beyond = select(after, before, at < 0) + dims.slope * at;
    return select(beyond, at, u32(at) < extent);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3<u32>, @builtin(num_workgroups) n: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = (w.y * n.x + w.x) * 64 + me;
    if i >= dims.count { return; }
    var sum = 0.0;
    let bias = i >= dims.weights;
    let per = dims.in_ch * dims.kernel_h * dims.kernel_w;
    let o = select(i / per, i - dims.weights, bias);
    let k = i % per;
    let c = k / (dims.kernel_h * dims.kernel_w) + o / dims.out_ch * dims.in_ch;
    let ky = i32(k / dims.kernel_w % dims.kernel_h);
    let kx = i32(k % dims.kernel_w);
    for (var b = 0u; b < dims.batch; b++) {
        for (var y = 0u; y < dims.out_h; y++) {
            let sy = source(i32(y) * dims.stride_h - dims.top + ky * dims.dilation_h, dims.in_h, dims.before_y, dims.after_y);
            for (var x = 0u; x < dims.out_w; x++) {
                let p = ((b * dims.groups * dims.out_ch + o) * dims.out_h + y) * dims.out_w + x;
                var d = d_output[p];
                if dims.relu != 0 && f32(output[p]) <= 0.0 { d = 0.0; }
                if bias { sum += d; continue; }
                let sx = source(i32(x) * dims.stride_w - dims.left + kx * dims.dilation_w, dims.in_w, dims.before_x, dims.after_x);
                if sy >= 0 && sx >= 0 { sum += d * f32(input[((b * dims.groups * dims.in_ch + c) * dims.in_h + u32(sy)) * dims.in_w + u32(sx)]); }
            }
        }
    }
    grads[dims.at + i] = sum;
}
