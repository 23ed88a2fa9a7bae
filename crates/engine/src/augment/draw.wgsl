// Draws how each image of the batch is changed: a row of 38 numbers, which the files that change it read.
//
//  0 1    shift in pixels, to the right and down
//  2 3    cosine and sine of the angle, over the factor
//  4      tangent of the shear
//  5 6    -1 where x, y is mirrored, else 1
//  7      pixels by which the knots of the elastic grid move at most
//  8      1 where there is a perspective, 9..16 its inverse
// 17..20  blur: weights of a pixel and of those 1, 2 and 3 away
// 21 22   factors of brightness and contrast
// 23      standard deviation of the noise
// 24..27  rectangle to erase: left, top, right, bottom
// 28..31  square to cut out
// 32      weight of the own image in the mix
// 33..36  rectangle taken from the other image
// 37      the own class's share of the target
//
// Random numbers are a hash of the seed, of what they are for and of the image's number in the run, so the
// processor draws the same bits. One image for each invocation.

struct Dims {
    batch: u32,        // images in it
    columns: u32,      // of an image
    rows: u32,
    stream: u32,       // what each number is for is counted from here
    elastic: f32,      // strengths: the most of what the row holds; angles in radians
    shear: f32,
    rotate: f32,
    scale: f32,
    shift: f32,
    perspective: f32,
    blur: f32,
    brightness: f32,
    contrast: f32,
    noise: f32,
    cutout: f32,
    hflip: f32,        // probabilities
    vflip: f32,
    erase: f32,
    erase_area: f32,   // largest share of the image
    mixup: u32,        // 1: on
    cutmix: u32,
    operations: u32,   // RandAugment: how many of the eleven strengths are set for each image
    rand_elastic: f32, // and to what
    rand_shear: f32,
    rand_rotate: f32,
    rand_scale: f32,
    rand_shift: f32,
    rand_perspective: f32,
    rand_blur: f32,
    rand_brightness: f32,
    rand_contrast: f32,
    rand_noise: f32,
    rand_cutout: f32,
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
@group(0) @binding(1) var<storage, read> quantiles: array<f32>; // 1025 of mixup's shares, and as many of cutmix's
@group(0) @binding(2) var<storage, read_write> draws: array<f32>;
@group(1) @binding(0) var<uniform> now: Now;

// Mixes the bits of x (the triple32 permutation of Chris Wellons, 2018).
fn mix_bits(bits: u32) -> u32 {
    var x = bits;
    x ^= x >> 17u;
    x *= 0xed5ad4bbu;
    x ^= x >> 11u;
    x *= 0xac4c1b51u;
    x ^= x >> 15u;
    x *= 0x31848babu;
    return x ^ (x >> 14u);
}

fn bits(part: u32, image: u32) -> u32 {
    return mix_bits(mix_bits(mix_bits(now.seed) ^ (dims.stream + part)) + image * 0x9e3779b9u);
}

// In 0 to 1.
fn uniform_of(part: u32, image: u32) -> f32 {
    return f32(bits(part, image) >> 8u) * (1.0 / 16777216.0);
}

// In -1 to 1; where RandAugment chose the operation, one of the two.
fn signed_of(part: u32, image: u32, whole: bool) -> f32 {
    let x = 2.0 * uniform_of(part, image) - 1.0;
    if (whole) {
        return select(1.0, -1.0, x < 0.0);
    }
    return x;
}

// Cosine and sine of an angle of at most 45°, by Taylor's polynomials: those that a card brings along
// differ from maker to maker.
fn direction(angle: f32) -> vec2<f32> {
    let square = angle * angle;
    let sine = angle * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))));
    let cosine = 1.0 - square * (1.0 / 2.0 - square * (1.0 / 24.0 - square * (1.0 / 720.0 - square * (1.0 / 40320.0))));
    return vec2<f32>(cosine, sine);
}

fn put_patch(row: u32, first: u32, left_top: vec2<f32>, right_bottom: vec2<f32>) {
    draws[row + first] = left_top.x;
    draws[row + first + 1u] = left_top.y;
    draws[row + first + 2u] = right_bottom.x;
    draws[row + first + 3u] = right_bottom.y;
}

// Corners of the unit square move inwards; Heckbert's map of the square to them, and its adjugate, which is the inverse.
fn put_perspective(row: u32, image: u32, strength: f32) {
    var inward: array<f32, 8>;
    for (var i = 0u; i < 8u; i++) {
        inward[i] = 0.5 * strength * uniform_of(5u + i, image);
    }
    let x = vec4<f32>(inward[0], 1.0 - inward[2], 1.0 - inward[4], inward[6]);
    let y = vec4<f32>(inward[1], inward[3], 1.0 - inward[5], 1.0 - inward[7]);
    let x1 = x.y - x.z;
    let x2 = x.w - x.z;
    let sx = x.x - x.y + x.z - x.w;
    let y1 = y.y - y.z;
    let y2 = y.w - y.z;
    let sy = y.x - y.y + y.z - y.w;
    let all = x1 * y2 - x2 * y1;
    let g = (sx * y2 - x2 * sy) / all;
    let h = (x1 * sy - sx * y1) / all;
    let a = x.y - x.x + g * x.y;
    let b = x.w - x.x + h * x.w;
    let c = x.x;
    let d = y.y - y.x + g * y.y;
    let e = y.w - y.x + h * y.w;
    let f = y.x;
    let last = a * e - b * d;
    draws[row + 8u] = 1.0;
    draws[row + 9u] = (e - f * h) / last;
    draws[row + 10u] = (c * h - b) / last;
    draws[row + 11u] = (b * f - c * e) / last;
    draws[row + 12u] = (f * g - d) / last;
    draws[row + 13u] = (a - c * g) / last;
    draws[row + 14u] = (c * d - a * f) / last;
    draws[row + 15u] = (d * h - e * g) / last;
    draws[row + 16u] = (b * g - a * h) / last;
}

// The quantile of a share in 0 to 1; between those of the table it is straight.
fn quantile(table: u32, share: f32) -> f32 {
    let place = share * 1024.0;
    let i = min(u32(place), 1023u);
    let low = quantiles[table * 1025u + i];
    let high = quantiles[table * 1025u + i + 1u];
    return low + (high - low) * (place - f32(i));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) place: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + place;
    if (i >= dims.batch) {
        return;
    }
    let image = now.step * dims.batch + i; // its number among all of the run
    let row = 38u * i;
    let size = vec2<f32>(f32(dims.columns), f32(dims.rows));

    // RandAugment: each operation is chosen with the probability that is left.
    var strength = array<f32, 11>(dims.elastic, dims.shear, dims.rotate, dims.scale, dims.shift, dims.perspective,
        dims.blur, dims.brightness, dims.contrast, dims.noise, dims.cutout);
    var rand = array<f32, 11>(dims.rand_elastic, dims.rand_shear, dims.rand_rotate, dims.rand_scale, dims.rand_shift,
        dims.rand_perspective, dims.rand_blur, dims.rand_brightness, dims.rand_contrast, dims.rand_noise, dims.rand_cutout);
    var chosen = array<bool, 11>();
    var wanted = dims.operations;
    for (var candidate = 0u; candidate < 12u && wanted > 0u; candidate++) {
        if ((bits(40u + candidate, image) >> 16u) * (12u - candidate) < (wanted << 16u)) {
            wanted -= 1u;
            if (candidate > 0u) { // the first is to leave the image alone
                chosen[candidate - 1u] = true;
                strength[candidate - 1u] = rand[candidate - 1u];
            }
        }
    }

    draws[row] = strength[4] * signed_of(0u, image, chosen[4]);
    draws[row + 1u] = strength[4] * signed_of(1u, image, chosen[4]);
    let factor = 1.0 + strength[3] * signed_of(3u, image, chosen[3]);
    let turn = direction(strength[2] * signed_of(2u, image, chosen[2])) / factor;
    draws[row + 2u] = turn.x;
    draws[row + 3u] = turn.y;
    let slant = direction(strength[1] * signed_of(4u, image, chosen[1]));
    draws[row + 4u] = slant.y / slant.x;
    draws[row + 5u] = select(1.0, -1.0, uniform_of(14u, image) < dims.hflip);
    draws[row + 6u] = select(1.0, -1.0, uniform_of(15u, image) < dims.vflip);
    draws[row + 7u] = strength[0];
    if (strength[5] > 0.0) {
        put_perspective(row, image, strength[5]);
    } else {
        for (var k = 8u; k < 17u; k++) {
            draws[row + k] = 0.0;
        }
    }

    // The weights of the blur: exp(-k² / 2σ²), over their sum.
    let sigma = strength[6] * select(uniform_of(16u, image), 1.0, chosen[6]);
    var weights = vec4<f32>(1.0, 0.0, 0.0, 0.0);
    if (sigma >= 0.05) {
        weights = exp(vec4<f32>(0.0, -0.5, -2.0, -4.5) / (sigma * sigma));
        weights /= weights.x + 2.0 * (weights.y + weights.z + weights.w);
    }
    for (var k = 0u; k < 4u; k++) {
        draws[row + 17u + k] = weights[k];
    }
    draws[row + 21u] = 1.0 + strength[7] * signed_of(17u, image, chosen[7]);
    draws[row + 22u] = 1.0 + strength[8] * signed_of(18u, image, chosen[8]);
    draws[row + 23u] = strength[9];

    // Random erasing: share of the area, then height over width, then where.
    var left_top = vec2<f32>(0.0);
    var right_bottom = vec2<f32>(0.0);
    if (uniform_of(20u, image) < dims.erase) {
        let area = (0.02 + uniform_of(21u, image) * (dims.erase_area - 0.02)) * size.x * size.y;
        let aspect = exp((2.0 * uniform_of(22u, image) - 1.0) * 1.2039728);
        let sides = min(sqrt(vec2<f32>(area / aspect, area * aspect)), size);
        left_top = vec2<f32>(uniform_of(23u, image), uniform_of(24u, image)) * (size - sides);
        right_bottom = left_top + sides;
    }
    put_patch(row, 24u, left_top, right_bottom);

    left_top = vec2<f32>(0.0);
    right_bottom = vec2<f32>(0.0);
    if (strength[10] > 0.0) {
        let centre = vec2<f32>(uniform_of(26u, image), uniform_of(27u, image)) * size;
        left_top = clamp(centre - 0.5 * strength[10], vec2<f32>(0.0), size);
        right_bottom = clamp(centre + 0.5 * strength[10], vec2<f32>(0.0), size);
    }
    put_patch(row, 28u, left_top, right_bottom);

    // The mix: with both, half of the images get the one, half the other.
    var blend = 1.0;
    left_top = vec2<f32>(0.0);
    right_bottom = vec2<f32>(0.0);
    let blends = dims.mixup == 1u && (dims.cutmix == 0u || uniform_of(28u, image) < 0.5);
    if (blends) {
        blend = quantile(0u, uniform_of(29u, image));
    } else if (dims.cutmix == 1u) {
        let sides = size * sqrt(1.0 - quantile(1u, uniform_of(29u, image)));
        let centre = vec2<f32>(uniform_of(30u, image), uniform_of(31u, image)) * size;
        left_top = clamp(centre - 0.5 * sides, vec2<f32>(0.0), size);
        right_bottom = clamp(centre + 0.5 * sides, vec2<f32>(0.0), size);
    }
    draws[row + 32u] = blend;
    put_patch(row, 33u, left_top, right_bottom);
    let patch_size = right_bottom - left_top;
    draws[row + 37u] = blend - patch_size.x * patch_size.y / (size.x * size.y);
}
