// Convolution, gradient of the input: one invocation for each.
struct Dims { count: u32, groups: u32, in_ch: u32, out_ch: u32, in_h: u32, in_w: u32, out_h: u32, out_w: u32,
 kernel_h: u32, kernel_w: u32, stride_h: i32, stride_w: i32, dilation_h: i32, dilation_w: i32, top: i32, left: i32, bottom: i32, right: i32, before_y: i32, after_y: i32, before_x: i32, after_x: i32, slope: i32, at: u32, relu: u32 }
alias Stored = f32;
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> params: array<f32>;
@group(0) @binding(2) var<storage, read> output: array<Stored>;
@group(0) @binding(3) var<storage, read> d_output: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_input: array<f32>;
fn source(at: i32, extent: u32, before: i32, after: i32) -> i32 {
    let beyond = select(after, before, at < 0) + dims.slope * at;
    return select(beyond, at, u32(at) < extent);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) w: vec3<u32>, @builtin(num_workgroups) n: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let i = (w.y * n.x + w.x) * 64 + me;
    if i >= dims.count { return; }
    let x = i32(i % dims.in_w);
    let y = i32(i / dims.in_w % dims.in_h);
    let c = i / (dims.in_w * dims.in_h) % (dims.groups * dims.in_ch);
    let b = i / (dims.in_w * dims.in_h * dims.groups * dims.in_ch);
    let g = c / dims.in_ch;
    var sum = 0.0;
    let zeros = dims.before_y == -1 && dims.after_y == -1;
    for (var py = select(-dims.top, y, zeros); py < select(i32(dims.in_h) + dims.bottom, y + 1, zeros); py++) {
        if source(py, dims.in_h, dims.before_y, dims.after_y) != y { continue; }
        for (var px = select(-dims.left, x, zeros); px < select(i32(dims.in_w) + dims.right, x + 1, zeros); px++) {
            if source(px, dims.in_w, dims.before_x, dims.after_x) != x { continue; }
            for (var ky = 0i; ky < i32(dims.kernel_h); ky++) {
                let ty = py + dims.top - ky * dims.dilation_h;
                if ty < 0 || ty % dims.stride_h != 0 || ty / dims.stride_h >= i32(dims.out_h) { continue; }
                for (var kx = 0i; kx < i32(dims.kernel_w); kx++) {
                    let tx = px + dims.left - kx * dims.dilation_w;
                    if tx < 0 || tx % dims.stride_w != 0 || tx / dims.stride_w >= i32(dims.out_w) { continue; }
                    for (var oo = 0u; oo < dims.out_ch; oo++) {
                        let o = g * dims.out_ch + oo;
                        let p = ((b * dims.groups * dims.out_ch + o) * dims.out_h + u32(ty / dims.stride_h)) * dims.out_w + u32(tx / dims.stride_w);
                        var d = d_output[p];
                        if dims.relu != 0 && f32(output[p]) <= 0.0 { d = 0.0; }
                        sum += d * params[dims.at + ((o * dims.in_ch + c % dims.in_ch) * dims.kernel_h + u32(ky)) * dims.kernel_w + u32(kx)];
                    }
                }
            }
        }
    }
    d_input[i] = sum;
}
