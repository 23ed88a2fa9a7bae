//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Non-linearity",
    idea: "A bend between the layers: without it a deep network is one matrix, with it gradients may vanish.",
    steps: &[
        StepWords {
            title: "One bend",
            text: "Behind each layer every number goes through the same small function. [output|ReLU] keeps what is above 0 and makes 0 of the rest. So of the [input|map] only the places stay that fit the kernel. Its [sum|derivative] is 1 on the right, 0 on the left.",
            task: Some("Slide the input x to where the [sum|derivative] is 0."),
            notes: "At exactly 0 there is no derivative; frameworks take 0. Nobody has noticed a difference.",
            ..SAYS
        },
        StepWords {
            title: "What comes back",
            text: "In training the gradient goes back through the [output|curve] and is multiplied by its [sum|derivative]. The sigmoid squeezes every number between 0 and 1.",
            question: Some(QuestionWords {
                ask: "How large is the [sum|derivative] of the sigmoid where it is steepest, at 0?",
                options: &[
                    (
                        "1",
                        "It looks steep, but it takes about four steps to the right to climb from 0.1 to 0.9. A line of slope 1 would take less than one.",
                    ),
                    ("0.5", "That is the sigmoid's value at 0, not its slope. The slope is s(1 − s): half of it."),
                    (
                        "0.25",
                        "At 0 the slope is s(1 − s) = 0.5 · 0.5. Behind ten such layers at most a millionth of the gradient is left: it vanishes.",
                    ),
                    ("0", "That is so far out on both sides, where the curve is flat. At 0 it still rises."),
                ],
            }),
            notes: "0.25 to the tenth is about one millionth. tanh has slope 1 at 0, which is why it was preferred; ReLU has slope 1 on a whole half.",
            ..SAYS
        },
        StepWords {
            title: "A choice of bends",
            text: "ELU lets a little through [input|below 0], smoothly. GELU, SiLU and hard swish are smooth relatives of ReLU. Look at the [output|curve], at the [sum|derivative], and at your own map behind each.",
            task: Some("Find an activation whose [sum|derivative] is below 0 somewhere: it goes down before it goes up."),
            notes: "GELU stands in most transformers, SiLU in EfficientNet, hard swish in MobileNet v3, where cheap arithmetic counts.",
            ..SAYS
        },
        StepWords {
            title: "Two layers without a bend",
            text: "Here two dense layers follow each other with nothing between: 64 numbers, then 24, then 16. Together they have [kernel|1920 weights].",
            question: Some(QuestionWords {
                ask: "Which is the smallest single layer that does exactly the same for every image?",
                options: &[
                    (
                        "None: two layers can do more",
                        "Each is a matrix, and the product of two matrices is again one. Look at the difference.",
                    ),
                    (
                        "One matrix with 16·64 = 1024 weights",
                        "Multiply the two, and the middle is gone: same answers, fewer weights. Depth alone has bought nothing.",
                    ),
                    ("One with all 1920 weights", "A layer from 64 numbers to 16 has 16 · 64 places for weights, not more."),
                    ("One with 24·64 = 1536 weights", "That is the first layer alone: it gives 24 numbers, but 16 are wanted."),
                ],
            }),
            notes: "The engine drew these weights; their product is then a dense layer of its own, on the same image. What differs is rounding.",
            ..SAYS
        },
        StepWords {
            title: "Put a bend between",
            text: "The [kernel|one matrix] still is the product of the two layers. As long as nothing stands between them, [sum|the difference] is rounding, no more.",
            task: Some("Put a ReLU or a tanh between the layers."),
            notes: "With the bend, which units of the middle are on depends on the image: each image meets another matrix.",
            ..SAYS
        },
        StepWords {
            title: "Not even sums",
            text: "A linear layer cannot tell two things together from each apart: [output|f(a + b)] is always [kernel|f(a) + f(b)]. Here a is your image, b its mirror image. Behind the kernel stands a ReLU.",
            question: Some(QuestionWords {
                ask: "Where will [sum|the two maps] differ?",
                options: &[
                    (
                        "Nowhere",
                        "So it is without the ReLU. With it, what one image says against is no longer subtracted from what the other says for.",
                    ),
                    ("Everywhere", "On empty paper all is 0, and where both say yes the sum is right. Look again."),
                    (
                        "Where one image says yes and the other no",
                        "Apart, ReLU has cut off the no before it could count. Together it counts. This is what lets a unit say: this, but not that.",
                    ),
                ],
            }),
            notes: "Linear means: sums and multiples go through. One ReLU breaks it; with enough of them any continuous function can be built.",
            ..SAYS
        },
        StepWords {
            title: "A unit falls silent",
            text: "One [kernel|kernel] with a bias and a ReLU looks at 36 [input|digits]; on the right stands its [output|strongest answer] to each. The bias is added before the bend: the lower it is, the more must fit.",
            task: Some("Lower the bias until the unit answers [output|no digit] at all."),
            notes: "One step too large in training can do this to a unit. The kernel's sum is at most 4 on an image from 0 to 1.",
            ..SAYS
        },
        StepWords {
            title: "Can it come back?",
            text: "Now the bias is −5, and the unit is silent for every [input|digit]. Training asks all its outputs to become larger.",
            question: Some(QuestionWords {
                ask: "What [sum|gradient] do its weights and its bias get?",
                options: &[
                    (
                        "A large one: it is far off",
                        "The gradient does not tell how far off something is, but how the output changes if a weight changes a little. It does not change.",
                    ),
                    ("A small one", "That would move it slowly, and some day it would be back. But the left side of ReLU is exactly flat."),
                    ("Only the bias gets one", "The bias acts through the same ReLU, and there the derivative is 0 too."),
                    (
                        "None: exactly 0",
                        "At every place of every digit the derivative is 0. No update can move it: a dead unit. Other images might wake it, if there are any.",
                    ),
                ],
            }),
            notes: "Dead for these 36 digits; one image that wakes it would do. Momentum and changes in earlier layers sometimes bring units back.",
            ..SAYS
        },
        StepWords {
            title: "A way back",
            text: "Leaky ReLU has a slope of 0.01 on the left instead of 0: hardly an [output|answer], but a [sum|gradient]. So a silent unit can move.",
            task: Some("Choose another activation with the bias at −4 or below, and find a [sum|gradient] that is not 0."),
            notes: "Also: smaller learning rates, biases that start at 0, batch norm before the activation, He initialisation.",
            ..SAYS
        },
    ],
    hand_over: "The link opens a small network with this activation. Watch the share of dead units while it trains, then take the activation out and compare.",
    sources: &[
        "V. Nair, G. Hinton: Rectified linear units improve restricted Boltzmann machines, ICML 2010.",
        "X. Glorot, A. Bordes, Y. Bengio: Deep sparse rectifier neural networks, AISTATS 2011.",
        "A. Maas, A. Hannun, A. Ng: Rectifier nonlinearities improve neural network acoustic models, ICML 2013 workshop: leaky ReLU.",
        "D. Clevert, T. Unterthiner, S. Hochreiter: ELU, ICLR 2016. D. Hendrycks, K. Gimpel: GELU, arXiv 1606.08415, 2016.",
        "S. Hochreiter: Untersuchungen zu dynamischen neuronalen Netzen, 1991: vanishing gradients.",
    ],
};
