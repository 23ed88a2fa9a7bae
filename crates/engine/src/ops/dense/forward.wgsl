// Dense layer, forward:
//
//   output[n, o] = bias[o] + Σ weight[o, i] · input[n, i]
//                            i
//
// The sum is long and the result small. So the invocations of a workgroup share the sum: a workgroup
// computes 8 outputs of 8 examples, and each invocation adds up every 64th term of all these 64 sums, 8
// weights times 8 inputs. Then the 64 shares are added in workgroup memory.

alias Stored = f32;

struct Dims {
    batch: u32,
    wide: u32,      // inputs of an example
    out: u32,       // outputs
    weight_at: u32,
    bias_at: u32,
    bias: u32,      // 1: there is one
    relu: u32,      // 1: the next layer's ReLU is applied here
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> input: array<Stored>;
@group(0) @binding(2) var<storage, read> params: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<Stored>;

// Where the rows of four outputs, or of four examples, begin; the last one's where there are fewer.
fn rows(first: u32, count: u32) -> vec4<u32> {
    return min(first + vec4(0u, 1, 2, 3), vec4(count - 1)) * dims.wide;
}

// Every number of `a` times every number of `b`.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(a * b.x, a * b.y, a * b.z, a * b.w);
}

// Eight vectors of each invocation.
var<workgroup> shares: array<vec4<f32>, 512>;

// Adds two matrices over all invocations. Of the eight columns, invocation i < 8 gets the i-th.
fn total(low: mat4x4<f32>, high: mat4x4<f32>, me: u32) -> vec4<f32> {
    workgroupBarrier();
    shares[me] = low[0];
    shares[me + 64] = low[1];
    shares[me + 128] = low[2];
    shares[me + 192] = low[3];
    shares[me + 256] = high[0];
    shares[me + 320] = high[1];
    shares[me + 384] = high[2];
    shares[me + 448] = high[3];
    workgroupBarrier();
    // Eight invocations add a column's 64 shares, eight each.
    var sum = vec4(0.0);
    for (var i = 0u; i < 8; i++) {
        sum += shares[me * 8 + i];
    }
    workgroupBarrier();
    shares[me] = sum;
    workgroupBarrier();
    sum = vec4(0.0);
    if me < 8 {
        for (var i = 0u; i < 8; i++) {
            sum += shares[me * 8 + i];
        }
    }
    return sum;
}

// Writes four outputs of an example.
fn put(sums: vec4<f32>, first: u32, example: u32) {
    if example >= dims.batch {
        return;
    }
    for (var i = 0u; i < min(4, dims.out - min(first, dims.out)); i++) {
        var value = sums[i];
        if dims.bias != 0 {
            value += params[dims.bias_at + first + i];
        }
        if dims.relu != 0 {
            value = max(value, 0.0);
        }
        output[example * dims.out + first + i] = Stored(value);
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let first = workgroup.x * 8;
    let example = workgroup.y * 8;
    let low = dims.weight_at + rows(first, dims.out);
    let high = dims.weight_at + rows(first + 4, dims.out);
    let near = rows(example, dims.batch);
    let far = rows(example + 4, dims.batch);

    var near_low = mat4x4<f32>();
    var near_high = mat4x4<f32>();
    var far_low = mat4x4<f32>();
    var far_high = mat4x4<f32>();
    for (var i = me; i < dims.wide; i += 64) {
        let w = low + i;
        let v = high + i;
        let a = near + i;
        let b = far + i;
        let weights_low = vec4(params[w.x], params[w.y], params[w.z], params[w.w]);
        let weights_high = vec4(params[v.x], params[v.y], params[v.z], params[v.w]);
        let inputs_near = vec4(f32(input[a.x]), f32(input[a.y]), f32(input[a.z]), f32(input[a.w]));
        let inputs_far = vec4(f32(input[b.x]), f32(input[b.y]), f32(input[b.z]), f32(input[b.w]));
        near_low += outer(weights_low, inputs_near);
        near_high += outer(weights_high, inputs_near);
        far_low += outer(weights_low, inputs_far);
        far_high += outer(weights_high, inputs_far);
    }

    let of_near = total(near_low, near_high, me);
    let of_far = total(far_low, far_high, me);
    if me < 8 {
        // Columns 0 to 3 belong to the first four outputs.
        put(of_near, first + me / 4 * 4, example + me % 4);
        put(of_far, first + me / 4 * 4, example + 4 + me % 4);
    }
}
