// Distillation of each example, and its gradient, with student = softmax(s / T):
//     loss = α T² Σ teacher (ln teacher - ln student) - (1 - α) ln softmax(s)[class]
//     d_output = (α T (student - teacher) + (1 - α) (softmax(s) - onehot(class))) · weight / batch
// The teacher is softmax(targets / T); without targets it is sure of the class.
// The highest score is taken off before exp, which then never overflows.
// One invocation for each example.

alias Stored = f32;

struct Dims {
    outputs: u32,
    batch: u32,
    has_labels: u32,  // 1: the examples have classes
    has_targets: u32, // 1: the examples have a row of targets
    gradient: u32,    // 1: the gradient is wanted; 0: d_output is left alone
    add: u32,         // 1: a later term of a sum, which adds to what is there
    weight: f32,      // of this loss in the sum
    temperature: f32, // T
    alpha: f32,       // share of the teacher
}

struct Now {
    rule: vec4<f32>, // what the optimizer's formula takes from the step's number
    rate: f32,       // learning rate
    step: u32,       // updates made before this one
    seed: u32,
    slot: u32,       // place of this batch in the results
    first: u32,      // where the batch begins in the order of the digits
    count: u32,      // examples of the batch that count
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> output: array<Stored>; // the student's scores s
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>; // the teacher's scores
@group(0) @binding(4) var<storage, read_write> d_output: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>; // one for each example
@group(1) @binding(0) var<uniform> now: Now;

// Gradients are those of the mean over the batch.
fn put_gradient(i: u32, slope: f32) {
    let d = dims.weight * slope / f32(dims.batch);
    d_output[i] = select(d, d_output[i] + d, dims.add == 1u);
}

fn put_loss(example: u32, loss: f32) {
    let own = dims.weight * loss;
    losses[example] = select(own, losses[example] + own, dims.add == 1u);
}

// The class of an example; without one, the place of the largest target, of equals the first.
fn label_of(example: u32) -> u32 {
    if (dims.has_labels == 1u) {
        return labels[example];
    }
    let row = example * dims.outputs;
    var best = 0u;
    for (var j = 1u; j < dims.outputs; j++) {
        if (targets[row + j] > targets[row + best]) {
            best = j;
        }
    }
    return best;
}

// The highest of an example's scores: taken off before exp, which then never overflows.
fn highest_of(row: u32) -> f32 {
    var highest = f32(output[row]);
    for (var j = 1u; j < dims.outputs; j++) {
        highest = max(highest, f32(output[row + j]));
    }
    return highest;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let example = (group.y * groups.x + group.x) * 64u + place;
    if (example >= dims.batch) {
        return;
    }
    let row = example * dims.outputs;
    if (example >= now.count) { // only fills up the batch, and teaches nothing
        if (dims.gradient == 1u) {
            for (var j = 0u; j < dims.outputs; j++) {
                put_gradient(row + j, 0.0);
            }
        }
        put_loss(example, 0.0);
        return;
    }

    let label = label_of(example);
    let highest = highest_of(row);
    let has_teacher = dims.has_targets == 1u;
    var highest_target = 0.0;
    var sums = vec3<f32>(); // of the student, of the teacher, without temperature
    if (has_teacher) {
        highest_target = targets[row];
        for (var j = 1u; j < dims.outputs; j++) {
            highest_target = max(highest_target, targets[row + j]);
        }
    }
    for (var j = 0u; j < dims.outputs; j++) {
        let s = f32(output[row + j]) - highest;
        sums += vec3<f32>(exp(s / dims.temperature), 0.0, exp(s));
        if (has_teacher) {
            sums.y += exp((targets[row + j] - highest_target) / dims.temperature);
        }
    }

    var divergence = 0.0;
    for (var j = 0u; j < dims.outputs; j++) {
        let s = f32(output[row + j]) - highest;
        var teacher = select(0.0, 1.0, j == label);
        var log_teacher = 0.0;
        if (has_teacher) {
            let score = (targets[row + j] - highest_target) / dims.temperature;
            teacher = exp(score) / sums.y;
            log_teacher = score - log(sums.y);
        }
        // What the teacher excludes costs nothing, however sure the student is of it.
        if (teacher > 0.0) {
            divergence += teacher * (log_teacher - (s / dims.temperature - log(sums.x)));
        }
        if (dims.gradient == 1u) {
            let softened = dims.temperature * (exp(s / dims.temperature) / sums.x - teacher);
            let of_class = exp(s) / sums.z - select(0.0, 1.0, j == label);
            put_gradient(row + j, dims.alpha * softened + (1.0 - dims.alpha) * of_class);
        }
    }
    var loss = dims.alpha * dims.temperature * dims.temperature * divergence;
    if (dims.alpha < 1.0) {
        loss -= (1.0 - dims.alpha) * (f32(output[row + label]) - highest - log(sums.z));
    }
    put_loss(example, loss);
}
