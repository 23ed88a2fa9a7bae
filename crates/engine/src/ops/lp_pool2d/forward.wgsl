// Power-average pooling: output[y, x] = (sum over the window of input^p)^(1/p). One output for each invocation.

alias Stored = f32;

struct Dims {
    len: u32, // outputs in the batch
    in_h: u32,
    in_w: u32,
    out_h: u32,
    out_w: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_h: u32,
    stride_w: u32,
    norm_type: f32, // p
    whole: u32,     // p where it is a whole number, else 0
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

// The p-th power: a product where p is whole, which keeps the sign if p is odd; else of the absolute value.
fn power(x: f32) -> f32 {
    if (dims.whole > 0u) {
        var product = 1.0;
        for (var n = 0u; n < dims.whole; n++) {
            product *= x;
        }
        return product;
    }
    if (x == 0.0) {
        return 0.0;
    }
    return pow(abs(x), dims.norm_type);
}

// The p-th root of a sum of powers, with its sign.
fn root(sum: f32) -> f32 {
    if (dims.whole == 1u || sum == 0.0) {
        return sum;
    }
    if (dims.whole == 2u) {
        return sqrt(sum);
    }
    return sign(sum) * pow(abs(sum), 1.0 / dims.norm_type);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.len) {
        return;
    }
    let x = i % dims.out_w;
    let y = (i / dims.out_w) % dims.out_h;
    let plane = i / (dims.out_w * dims.out_h) * dims.in_h * dims.in_w;
    let first = plane + y * dims.stride_h * dims.in_w + x * dims.stride_w;

    var sum = 0.0;
    for (var down = 0u; down < dims.kernel_h; down++) {
        for (var right = 0u; right < dims.kernel_w; right++) {
            sum += power(f32(input[first + down * dims.in_w + right]));
        }
    }
    output[i] = Stored(root(sum));
}
