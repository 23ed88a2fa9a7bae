// The gradient of the padded input, brought back to the pixels that the padding was copied from.
//
//   d_input[n, c, y, x] = Σ d_padded[n, c, v, u]   over the places (v, u) that show the pixel (y, x)
//
// Those are the pixel's own place and perhaps some in the padding, so all of these are tried. An
// invocation takes one pixel of the plane, for one plane after another.

struct Dims {
    planes: u32,    // batch · in_ch
    in_h: u32,
    in_w: u32,
    padded_h: u32,
    padded_w: u32,
    top: i32,
    left: i32,
    before_y: i32,  // what stands beyond the edge: see `source`
    after_y: i32,
    before_x: i32,
    after_x: i32,
    slope: i32,
    padded_at: u32, // where the gradient of the padded input begins
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_input: array<f32>;

// Which row or column of the image stands at a place. Beyond the edge:
//
//                before        after           slope
//   reflect       0            2 · extent − 2  −1
//   symmetric    −1            2 · extent − 1  −1
//   replicate     0            extent − 1       0
//   circular     extent        −extent          1
fn source(at: i32, extent: u32, before: i32, after: i32) -> i32 {
    let beyond = select(after, before, at < 0) + dims.slope * at;
    return select(beyond, at, u32(at) < extent);
}

// The places to try, in order: those before the image, the pixel's own, those behind the image.
fn candidate(i: i32, own: i32, extent: u32, before: i32) -> i32 {
    if i < before {
        return i - before;
    }
    return select(i - before - 1 + i32(extent), own, i == before);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>, @builtin(local_invocation_index) me: u32) {
    let place = workgroup.x * 64 + me;
    let plane_len = dims.in_h * dims.in_w;
    if place >= plane_len {
        return;
    }
    let y = i32(place / dims.in_w);
    let x = i32(place % dims.in_w);
    for (var plane = workgroup.y; plane < dims.planes; plane += workgroups.y) {
        let begin = dims.padded_at + plane * dims.padded_h * dims.padded_w;
        var sum = 0.0;
        for (var i = 0i; i <= i32(dims.padded_h - dims.in_h); i++) {
            let v = candidate(i, y, dims.in_h, dims.top);
            if source(v, dims.in_h, dims.before_y, dims.after_y) == y {
                for (var j = 0i; j <= i32(dims.padded_w - dims.in_w); j++) {
                    let u = candidate(j, x, dims.in_w, dims.left);
                    if source(u, dims.in_w, dims.before_x, dims.after_x) == x {
                        sum += scratch[begin + u32(v + dims.top) * dims.padded_w + u32(u + dims.left)];
                    }
                }
            }
        }
        d_input[plane * plane_len + place] = sum;
    }
}
