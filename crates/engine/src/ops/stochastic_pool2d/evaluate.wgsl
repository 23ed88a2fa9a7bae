// Stochastic pooling in evaluation: the mean of what training would draw, each number weighted by its
// probability. output[y, x] = sum of squares / sum, over the positive numbers of the window; 0 if there
// are none. One output for each invocation.

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
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read_write> output: array<Stored>;

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

    var total = 0.0;
    var squares = 0.0;
    for (var down = 0u; down < dims.kernel_h; down++) {
        for (var right = 0u; right < dims.kernel_w; right++) {
            let value = max(f32(input[first + down * dims.in_w + right]), 0.0);
            total += value;
            squares += value * value;
        }
    }
    var mean = 0.0;
    if (total > 0.0) {
        mean = squares / total;
    }
    output[i] = Stored(mean);
}
