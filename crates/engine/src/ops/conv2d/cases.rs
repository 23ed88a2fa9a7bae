//! Small problems; the first is worked by hand.

use super::{Conv2d, PadMode};
use crate::{
    Mode, Padding, Pair, Shape, Sides,
    ops::{Case, Worked},
};

pub(super) fn cases() -> Vec<Case> {
    let base = Conv2d { out_ch: 3, kernel: Pair::square(3), ..Conv2d::default() };
    let case =
        |name, layer: Conv2d, input, batch| Case { name, layer: layer.into(), input, others: &[], batch, mode: Mode::Train, worked: None };
    vec![
        worked(),
        worked_flipped(),
        case("one_pixel_kernel", Conv2d { kernel: Pair::one(), ..base.clone() }, Shape::new(2, 4, 5), 3),
        case("padded", Conv2d { pad: Padding::all(1), ..base.clone() }, Shape::new(2, 6, 5), 2),
        case(
            "uneven_padding",
            Conv2d { pad: Sides::new(0, 1, 2, 1).into(), pad_mode: PadMode::Reflect, ..base.clone() },
            Shape::new(2, 5, 6),
            2,
        ),
        case("symmetric", Conv2d { pad: Padding::all(2), pad_mode: PadMode::Symmetric, ..base.clone() }, Shape::new(1, 4, 5), 2),
        case("replicate", Conv2d { pad: Padding::all(2), pad_mode: PadMode::Replicate, ..base.clone() }, Shape::new(1, 4, 5), 9),
        case("circular", Conv2d { pad: Padding::all(1), pad_mode: PadMode::Circular, ..base.clone() }, Shape::new(2, 4, 4), 2),
        case("same_of_an_even_kernel", Conv2d { kernel: Pair::new(2, 4), pad: Padding::Same, ..base.clone() }, Shape::new(2, 5, 6), 3),
        case("same_strided", Conv2d { stride: Pair::new(2, 3), pad: Padding::Same, ..base.clone() }, Shape::new(2, 6, 7), 9),
        case(
            "same_copied",
            Conv2d { kernel: Pair::new(4, 3), dilation: Pair::new(1, 2), pad: Padding::Same, pad_mode: PadMode::Reflect, ..base.clone() },
            Shape::new(2, 5, 6),
            2,
        ),
        case("strided", Conv2d { stride: Pair::new(2, 3), pad: Padding::all(1), ..base.clone() }, Shape::new(2, 7, 8), 9),
        case("dilated", Conv2d { dilation: Pair::new(2, 1), bias: false, ..base.clone() }, Shape::new(2, 7, 6), 2),
        case("grouped", Conv2d { out_ch: 6, groups: 2, ..base.clone() }, Shape::new(4, 5, 5), 2),
        case("depthwise", Conv2d { groups: 3, pad: Padding::all(1), ..base.clone() }, Shape::new(3, 4, 4), 9),
        case("rectangular", Conv2d { kernel: Pair::new(2, 5), out_ch: 5, ..base.clone() }, Shape::new(1, 6, 9), 3),
        case("tiny_maps_of_many_images", base.clone(), Shape::new(2, 4, 4), 17),
        case("many_places", Conv2d { kernel: Pair::square(2), ..base }, Shape::new(1, 14, 14), 13),
        // Kernels over channels: eight at a time and a rest, all kinds of edges, both ways back to the input.
        case("channels", Conv2d { out_ch: 17, pad: Padding::all(1), ..base.clone() }, Shape::new(9, 6, 7), 5),
        case("channels_unpadded", Conv2d { out_ch: 16, ..base.clone() }, Shape::new(8, 5, 5), 11),
        case(
            "channels_strided",
            Conv2d { out_ch: 6, stride: Pair::new(2, 3), pad: Padding::all(1), ..base.clone() },
            Shape::new(7, 7, 8),
            3,
        ),
        case(
            "channels_dilated_and_reflected",
            Conv2d { out_ch: 9, dilation: Pair::new(1, 2), pad: Sides::new(1, 0, 3, 2).into(), pad_mode: PadMode::Reflect, ..base.clone() },
            Shape::new(6, 5, 6),
            2,
        ),
        case(
            "channels_grouped_and_circular",
            Conv2d { out_ch: 12, groups: 2, kernel: Pair::square(2), pad: Padding::all(1), pad_mode: PadMode::Circular, ..base.clone() },
            Shape::new(14, 4, 4),
            9,
        ),
        // Kernels over strips of a row.
        case("strips", Conv2d { out_ch: 9, pad: Padding::all(1), ..base.clone() }, Shape::new(1, 6, 19), 3),
        case("strips_with_rows_left_out", Conv2d { stride: Pair::new(2, 1), bias: false, ..base.clone() }, Shape::new(2, 7, 10), 2),
        case("strips_depthwise", Conv2d { out_ch: 4, groups: 4, pad: Padding::all(1), ..base.clone() }, Shape::new(4, 4, 9), 2),
        // Eight channels together, each with a kernel of its own.
        case("depthwise_channels", Conv2d { out_ch: 13, groups: 13, pad: Padding::all(1), ..base.clone() }, Shape::new(13, 4, 7), 2),
        case(
            "depthwise_channels_strided_and_reflected",
            Conv2d {
                out_ch: 8,
                groups: 8,
                stride: Pair::new(2, 1),
                pad: Sides::new(1, 0, 2, 1).into(),
                pad_mode: PadMode::Reflect,
                bias: false,
                ..base.clone()
            },
            Shape::new(8, 5, 4),
            3,
        ),
        case(
            "depthwise_channels_unpadded_and_dilated",
            Conv2d { out_ch: 6, groups: 6, kernel: Pair::new(4, 3), dilation: Pair::new(1, 2), ..base.clone() },
            Shape::new(6, 5, 7),
            2,
        ),
        case(
            "flipped_depthwise_channels",
            Conv2d { out_ch: 9, groups: 9, kernel: Pair::new(2, 3), pad: Padding::all(1), flipped: true, ..base.clone() },
            Shape::new(9, 4, 5),
            2,
        ),
        // The true convolution, on every way through the kernels.
        case("flipped", Conv2d { kernel: Pair::new(3, 2), pad: Padding::all(1), flipped: true, ..base.clone() }, Shape::new(2, 5, 6), 3),
        case(
            "flipped_strided_and_dilated",
            Conv2d { stride: Pair::new(2, 1), dilation: Pair::new(1, 2), pad: Padding::all(1), flipped: true, ..base.clone() },
            Shape::new(2, 7, 8),
            9,
        ),
        case(
            "flipped_and_reflected",
            Conv2d { pad: Sides::new(0, 1, 2, 1).into(), pad_mode: PadMode::Reflect, flipped: true, ..base.clone() },
            Shape::new(2, 5, 6),
            2,
        ),
        case(
            "flipped_channels",
            Conv2d { out_ch: 17, kernel: Pair::new(2, 3), pad: Padding::all(1), flipped: true, ..base.clone() },
            Shape::new(9, 6, 7),
            5,
        ),
        case(
            "flipped_channels_strided",
            Conv2d { out_ch: 12, groups: 2, stride: Pair::new(2, 3), pad: Padding::all(1), flipped: true, ..base.clone() },
            Shape::new(14, 7, 8),
            3,
        ),
        case(
            "flipped_strips_depthwise",
            Conv2d { out_ch: 4, groups: 4, pad: Padding::all(1), flipped: true, ..base.clone() },
            Shape::new(4, 4, 9),
            2,
        ),
        case("many_channels", Conv2d { out_ch: 34, kernel: Pair::new(1, 2), ..Conv2d::default() }, Shape::new(66, 2, 3), 2),
    ]
}

/// A 2×2 kernel on a 3×3 image:
///
/// ```text
/// 1 2 3         1  0        17 19
/// 4 5 6    ⋆   −1  2   →    23 25        (bias 10)
/// 7 8 9
/// ```
///
/// Outputs: 17 = 1−4+10+10, 19 = 2−5+12+10, 23 = 4−7+16+10, 25 = 5−8+18+10.
/// With the gradient (1, 2; 3, 4) of the outputs, the weight's gradient is the sum of the four
/// windows so weighted, e.g. 1·1 + 2·2 + 3·4 + 4·5 = 37 at the top left.
fn worked() -> Case {
    let layer = Conv2d { out_ch: 1, kernel: Pair::square(2), ..Conv2d::default() };
    Case {
        name: "worked_by_hand",
        layer: layer.into(),
        input: Shape::new(1, 3, 3),
        others: &[],
        batch: 1,
        mode: Mode::Train,
        worked: Some(Worked {
            input: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            params: vec![1.0, 0.0, -1.0, 2.0, 10.0],
            state: vec![],
            output: vec![17.0, 19.0, 23.0, 25.0],
            d_output: vec![1.0, 2.0, 3.0, 4.0],
            // Each output returns its gradient times the kernel to the window it looked at.
            d_input: vec![1.0, 2.0, 0.0, 2.0, 4.0, 4.0, -3.0, 2.0, 8.0],
            d_params: vec![37.0, 47.0, 67.0, 77.0, 10.0],
        }),
    }
}

/// The kernel of [`worked`] written down turned by half a turn, so that the true convolution does the same: the
/// same outputs and gradients of the image, and the gradient of the weights turned too.
fn worked_flipped() -> Case {
    let Case { worked, .. } = worked();
    let turned = |values: &[f32]| values[..4].iter().rev().chain(&values[4..]).copied().collect();
    let worked = worked.map(|w| Worked { params: turned(&w.params), d_params: turned(&w.d_params), ..w });
    let layer = Conv2d { out_ch: 1, kernel: Pair::square(2), flipped: true, ..Conv2d::default() };
    Case {
        name: "flipped_worked_by_hand",
        layer: layer.into(),
        input: Shape::new(1, 3, 3),
        others: &[],
        batch: 1,
        mode: Mode::Train,
        worked,
    }
}
