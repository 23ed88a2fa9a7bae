//! Small problems; the first is worked by hand.

use super::ConvTranspose2d;
use crate::{
    Mode, Pair, Shape, Sides,
    ops::{Case, Worked},
};

pub(super) fn cases() -> Vec<Case> {
    let base = ConvTranspose2d { out_ch: 3, kernel: Pair::square(3), stride: Pair::square(2), ..ConvTranspose2d::default() };
    let case = |name, layer: ConvTranspose2d, input, batch| Case {
        name,
        layer: layer.into(),
        input,
        others: &[],
        batch,
        mode: Mode::Train,
        worked: None,
    };
    let one = Pair::one();
    vec![
        worked(),
        case("doubled", ConvTranspose2d { out_ch: 4, ..ConvTranspose2d::default() }, Shape::new(3, 4, 5), 9),
        case("stride_one", ConvTranspose2d { stride: one, pad: Sides::all(1), ..base.clone() }, Shape::new(2, 5, 4), 3),
        case("output_padding", ConvTranspose2d { pad: Sides::all(1), output_padding: one, ..base.clone() }, Shape::new(2, 4, 3), 2),
        case(
            "uneven",
            ConvTranspose2d { pad: Sides::new(0, 1, 2, 0), output_padding: Pair::new(1, 0), ..base.clone() },
            Shape::new(2, 3, 4),
            2,
        ),
        case("dilated", ConvTranspose2d { dilation: Pair::new(2, 1), bias: false, ..base.clone() }, Shape::new(2, 3, 4), 2),
        case(
            "output_padding_beyond_the_stride",
            ConvTranspose2d { stride: one, dilation: Pair::square(3), output_padding: Pair::new(2, 1), ..base.clone() },
            Shape::new(2, 4, 3),
            9,
        ),
        case("grouped", ConvTranspose2d { out_ch: 6, groups: 2, ..base.clone() }, Shape::new(4, 3, 3), 2),
        case("depthwise", ConvTranspose2d { groups: 3, pad: Sides::all(1), ..base.clone() }, Shape::new(3, 4, 4), 9),
        case(
            "rectangular",
            ConvTranspose2d { kernel: Pair::new(1, 4), stride: Pair::new(3, 2), out_ch: 5, ..base.clone() },
            Shape::new(1, 4, 3),
            3,
        ),
        case("cut_to_a_pixel", ConvTranspose2d { pad: Sides::new(3, 3, 1, 5), ..base.clone() }, Shape::new(2, 3, 3), 2),
        case("from_one_pixel", base.clone(), Shape::new(7, 1, 1), 11),
        case("many_places", ConvTranspose2d { out_ch: 2, ..base.clone() }, Shape::new(1, 13, 14), 5),
        case("many_channels", ConvTranspose2d { out_ch: 21, kernel: Pair::new(2, 1), ..base }, Shape::new(18, 2, 3), 2),
    ]
}

/// A 1×2 image, a 2×2 kernel, stride 1: two stamps, one pixel apart.
///
/// ```text
///           1 2         1·(1 2; 3 4) at 0      1  2+10  20        2  13  21
/// 1 10  ⊗   3 4    =    10·(1 2; 3 4) at 1  →  3  4+30  40   →    4  35  41     (bias 1)
/// ```
///
/// With the gradient (1, 2, 3; 4, 5, 6) of the outputs, the pixel 1 gets 1·1 + 2·2 + 3·4 + 4·5 = 37, the pixel 10
/// 1·2 + 2·3 + 3·5 + 4·6 = 47; the weights get 1·1 + 10·2 = 21, 1·2 + 10·3 = 32, 1·4 + 10·5 = 54, 1·5 + 10·6 = 65.
fn worked() -> Case {
    let layer = ConvTranspose2d { out_ch: 1, stride: Pair::one(), ..ConvTranspose2d::default() };
    Case {
        name: "worked_by_hand",
        layer: layer.into(),
        input: Shape::new(1, 1, 2),
        others: &[],
        batch: 1,
        mode: Mode::Train,
        worked: Some(Worked {
            input: vec![1.0, 10.0],
            params: vec![1.0, 2.0, 3.0, 4.0, 1.0],
            state: vec![],
            output: vec![2.0, 13.0, 21.0, 4.0, 35.0, 41.0],
            d_output: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            d_input: vec![37.0, 47.0],
            d_params: vec![21.0, 32.0, 54.0, 65.0, 21.0],
        }),
    }
}
