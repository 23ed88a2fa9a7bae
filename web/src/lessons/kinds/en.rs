//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Kinds of convolution",
    idea: "Which channels are joined to which: the same maps for a tenth of the weights, and maps that grow.",
    steps: &[
        StepWords {
            title: "Everyone with everyone",
            text: "Four [input|maps] of your image go in, four [output|maps] come out. In a usual convolution each output has a [kernel|kernel of 3×3] for each input, and adds up what they give: 16 kernels, 144 weights. The weights here are drawn at random.",
            task: Some("Touch the last of the [output|maps that come out], and see what it is made of."),
            notes: "In deeper layers, channels are counted in hundreds: the number of kernels grows with their square.",
            ..SAYS
        },
        StepWords {
            title: "A kernel of one pixel",
            text: "Now each [kernel|line] is one weight, a kernel of 1×1. At every place the four numbers that lie there are mixed.",
            question: Some(QuestionWords {
                ask: "What can such a [output|map] show that none of the inputs shows alone?",
                options: &[
                    (
                        "Nothing: one pixel cannot be convolved",
                        "One pixel, but of four channels: at every place it has four numbers to work with.",
                    ),
                    (
                        "A mixture of the maps, place by place",
                        "A small dense layer at every place, the same everywhere. It never looks at neighbours.",
                    ),
                    ("A blurred image", "Blur needs neighbours, and a kernel of 1×1 has none."),
                    ("A smaller image", "The maps keep their rows and columns. What it often makes smaller is the number of channels."),
                ],
            }),
            notes: "Lin, Chen and Yan 2014. In Inception and ResNet 1×1 convolutions make many channels few before the expensive 3×3.",
            ..SAYS
        },
        StepWords {
            title: "In groups",
            text: "With two groups, the first two [output|outputs] see only the first two [input|inputs], the others the others. Half of the [kernel|kernels] are left: 8, with 72 weights. It is two small convolutions side by side.",
            task: Some("Take it to the end: as many groups as channels. That is a depthwise convolution, four kernels."),
            notes: "AlexNet had two groups since its two graphics cards had too little memory each. ResNeXt made a virtue of it.",
            ..SAYS
        },
        StepWords {
            title: "First the place, then the channels",
            text: "Depthwise alone never mixes channels. So a 1×1 convolution follows: first each map gets its own [kernel|3×3 kernel], then [sum|what comes between] is mixed. Every output again depends on every input, and the weights are 36 + 16 = 52 instead of 144.",
            notes: "Not the same function: the 3×3 part of one input is the same for all outputs, only its weight differs. That is what is saved.",
            ..SAYS
        },
        StepWords {
            title: "What it costs",
            text: "The same kinds for 64 channels on maps of 28×28; last the transposed one, which enlarges maps of 14×14 (step 7). The [input|full] convolution has 64·64 kernels of 3×3.",
            question: Some(QuestionWords {
                ask: "It has 36 864 weights. How many has the [output|separable] one?",
                options: &[
                    (
                        "18 432: half",
                        "So many has the convolution in two groups. Here there is a kernel for each channel, not for each pair.",
                    ),
                    ("576", "That is the depthwise part alone, 64 · 9. The 1×1 part, which mixes the channels, is still missing."),
                    ("4672: about an eighth", "64 · 9 for the kernels and 64 · 64 for the mixing. Most of it is the 1×1 part."),
                    ("36 864: the same, in two parts", "The parts do not multiply: each channel has one kernel, not one for every output."),
                ],
            }),
            notes: "The share is 1/C + 1/k²: with many channels about one ninth for 3×3. The multiply-adds have the same share.",
            ..SAYS
        },
        StepWords {
            title: "When it pays",
            text: "Change the number of channels and the size of the kernel. The larger the kernel, the more is saved by [output|separating]: in the [input|full] convolution every channel pair pays for it, in the [kernel|depthwise] part only every channel.",
            task: Some("Find a setting where the [output|separable] one needs at most a twentieth of the full one."),
            notes: "MobileNet uses this throughout. Fewer multiply-adds are not always less time: depthwise layers wait for memory.",
            ..SAYS
        },
        StepWords {
            title: "The other way round",
            text: "A convolution gathers a window into one number. The transposed one spreads one number of the [input|map] over a window: the [kernel|kernel], times that number, is stamped into the output, and the stamps move by the stride.",
            question: Some(QuestionWords {
                ask: "The map has 7×7 numbers, the kernel is 2×2, the stride 2. How large is the [output|output]?",
                options: &[
                    ("14×14", "Seven stamps of two pixels side by side, none over another: (7 − 1) · 2 + 2."),
                    (
                        "3×3",
                        "So it would be for a convolution with stride 2, which makes maps smaller. Here strides are taken in the output.",
                    ),
                    ("8×8", "That would be with stride 1: each stamp one pixel further."),
                    ("7×7", "That would need a kernel of 1×1 with stride 1. Stamps take more room than that."),
                ],
            }),
            notes: "Not an inverse: it has the shape of the way back, and is what the gradient of a convolution does. `Deconvolution` is a misnomer.",
            ..SAYS
        },
        StepWords {
            title: "Checkerboards",
            text: "With a kernel of 3×3 and stride 2 neighbouring stamps overlap by one pixel. On the right it says how many [sum|stamps] lie on each place: one, two or four, in the pattern of a checkerboard. The [output|output] has it too.",
            task: Some(
                "With a stride above 1, find a kernel that is larger than the stride and lies evenly [sum|everywhere] but at the rim.",
            ),
            notes: "The kernel's size must be a multiple of the stride: 4 with stride 2. Or first enlarge, then convolve (Odena and others 2016).",
            ..SAYS
        },
    ],
    hand_over: "The link opens a network with a separable layer, or the kind that you see. Compare weights, time for a step, and accuracy with a full convolution in its place.",
    sources: &[
        "M. Lin, Q. Chen, S. Yan: Network in network, ICLR 2014: convolutions of 1×1.",
        "A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet classification with deep convolutional neural networks, NIPS 2012: groups.",
        "F. Chollet: Xception, CVPR 2017. A. Howard and others: MobileNets, arXiv 1704.04861, 2017: depthwise separable convolutions.",
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, arXiv 1603.07285, 2016: transposed convolutions.",
        "A. Odena, V. Dumoulin, C. Olah: Deconvolution and checkerboard artifacts, Distill, 2016.",
    ],
};
