//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Weight sharing",
    idea: "One small set of weights for every place: fewer to learn, and what is learnt once holds everywhere.",
    steps: &[
        StepWords {
            title: "Everything joined to everything",
            text: "Your image, made small: 8×8 [input|pixels]. A dense layer with 36 [output|units] has a [kernel|weight] for every pair of a unit and a pixel: 36 · 64 = 2304. Each row of the matrix is one unit; touch one.",
            notes: "Ask what the layer knows of neighbourhood: nothing. Shuffle all pixels the same way in every image, and it learns as well as before.",
            ..SAYS
        },
        StepWords {
            title: "Only what is near",
            text: "An edge can be seen in a small window. So each [output|unit] keeps only the [kernel|weights] for the 3×3 pixels near it; all others are gone. What is left lies along a diagonal: 36 · 9 = 324.",
            notes: "This is a locally connected layer. The neurons of the visual cortex have such local fields.",
            ..SAYS
        },
        StepWords {
            title: "One kernel for all places",
            text: "An edge looks the same wherever it is. So let all 36 [output|units] use the same nine [kernel|weights].",
            question: Some(QuestionWords {
                ask: "The matrix keeps 324 cells that are not zero by rule. How many different [kernel|weights] are in them now?",
                options: &[
                    ("9", "All 36 windows use the same 3×3 kernel. Look at the matrix: every row is the one above, moved on."),
                    ("36", "That would be one weight for each unit. A unit still has nine of them, only that they are everybody's."),
                    ("324", "So many cells are filled, but each of the nine weights now stands in 36 of them."),
                    ("64", "That is the number of pixels. The number of weights no longer depends on it at all."),
                ],
            }),
            notes: "A matrix whose rows are the same pattern moved on is called Toeplitz; here, since the image has two dimensions, doubly block Toeplitz.",
            ..SAYS
        },
        StepWords {
            title: "Convolution is this matrix",
            text: "A dense layer with this [kernel|matrix] and a convolution with the 3×3 kernel give the same [output|numbers]: the engine computes both, and the difference stands beneath.",
            task: Some("Find the unit whose [output|answer] is strongest, and choose it."),
            notes: "So a convolution can do nothing that a dense layer could not do. It is less able, in just the right way.",
            ..SAYS
        },
        StepWords {
            title: "When the image grows",
            text: "For 28×28 pixels, a dense layer of 100 units has 78 400 weights ([input|blue]). 64 kernels of 3×3 with their biases are 640 ([output|green]), and stay 640, whatever the image. The upright axis counts in powers of ten.",
            task: Some("Find the smallest image for which the dense layer has more than a million weights."),
            notes: "Photographs of 224×224 in colour: 15 million weights into 100 units; 64 kernels on three channels: 1792.",
            ..SAYS
        },
        StepWords {
            title: "Move the drawing",
            text: "The same kernel looks at every place. Now your [input|drawing] is moved three pixels to the right.",
            question: Some(QuestionWords {
                ask: "What does the [output|map] of a convolution do?",
                options: &[
                    (
                        "It stays where it is",
                        "That would be invariance: the answer does not say where. Pooling and averaging over the map bring some of that, convolution does not.",
                    ),
                    (
                        "It moves three pixels to the right",
                        "Every window finds the same numbers as before, three places further on. Away from the rim the difference is exactly 0.",
                    ),
                    (
                        "It becomes another map",
                        "That is what a dense layer does. Here every place asks the same question, so the answers only change their place.",
                    ),
                ],
            }),
            notes: "Equivariant: move, then convolve, or convolve, then move: it is the same. Invariant would mean that nothing changes.",
            ..SAYS
        },
        StepWords {
            title: "What a dense layer makes of it",
            text: "A convolution that has learnt a stroke here knows it everywhere. A dense layer has to learn it again for every place: its [output|map] of the moved drawing has nothing to do with the first one moved along, as [sum|the difference] shows.",
            task: Some("Choose the dense layer and move the drawing."),
            notes: "This is why an MLP suffers so much more when test digits are moved by a few pixels.",
            ..SAYS
        },
    ],
    hand_over: "The link opens the layer in a network that learns: 64 shared kernels, or the dense one if that is what you see. Compare the numbers of weights, and the accuracy.",
    sources: &[
        "K. Fukushima: Neocognitron, Biological Cybernetics 36, 1980: local fields, the same at every place.",
        "Y. LeCun and others: Backpropagation applied to handwritten zip code recognition, Neural Computation 1, 1989: weights that are shared and learnt.",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, 2016, section 9.2: sparse interactions, parameter sharing, equivariance.",
    ],
};
