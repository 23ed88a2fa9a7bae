//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Kernel convolution",
    idea: "A few weights slide over an image; at every place they give one number.",
    steps: &[
        StepWords {
            title: "Nine weights on nine numbers",
            text: "The [kernel|kernel] lies on a [input|window] of the image. Each weight is multiplied by the number under it, and the products are added up. Here the left column counts, the right column counts against it: 180 − 28. That gives one number of the [output|output], 152.",
            notes: "Write one row out on the board: 60 · 1 + 58 · 0 + 10 · (−1). Ask what a window of nine equal numbers would give: 0, since the weights add up to 0.",
            ..SAYS
        },
        StepWords {
            title: "The same weights at every place",
            text: "The [kernel|kernel] moves on by one pixel and gives the next number. A 3×3 window has 3 places side by side in 5 columns, so the [output|output] is 3×3. Drag it: over the [input|input], or from the side of the [output|output].",
            task: Some("Slide to the last place of the [output|output]: play, step, or drag."),
            notes: "Dragging in the output answers the more useful question: which part of the image made this number?",
            ..SAYS
        },
        StepWords {
            title: "A window on even ground",
            text: "The [input|window] lies right of the edge now: all its numbers are between 9 and 12.",
            question: Some(QuestionWords {
                ask: "What will the [kernel|kernel] give here?",
                options: &[
                    ("A large positive number", "That needs a bright left and a dark right column. Here both columns are dark."),
                    (
                        "About zero",
                        "What is added on the left is taken away on the right: 28 − 33 = −5. This kernel is silent where nothing changes.",
                    ),
                    (
                        "A large negative number",
                        "That needs a dark left and a bright right column: the opposite edge. Here both are alike.",
                    ),
                    ("About 90, nine times ten", "That would be so if all weights were 1. Three of them are −1, and three are 0."),
                ],
            }),
            notes: "Let the room vote before you answer. The point: weights that add up to 0 ignore how bright it is and see only how it changes.",
            ..SAYS
        },
        StepWords {
            title: "What a kernel looks for",
            text: "On your own image the [output|output] becomes a map: orange where the window fits the [kernel|kernel], blue where it fits its negative, neutral where it says nothing. Sobel ↓ finds where it becomes brighter downwards. Choose others.",
            task: Some("Find the place where the [output|output] is strongest, and put the window there."),
            notes: "Try blur and Gaussian side by side, then sharpen: it is the image plus what differs from the surroundings.",
            ..SAYS
        },
        StepWords {
            title: "A kernel of your own",
            text: "Nothing is special about these weights: write your own into the [kernel|cells]. A network does the same, only that it finds the weights by training.",
            task: Some("Write a [kernel|kernel] of your own whose weights add up to 0: it answers only to change."),
            notes: "A kernel whose weights add up to 1 keeps the brightness; one that adds up to 0 shows only differences.",
            ..SAYS
        },
        StepWords {
            title: "Convolution, or correlation?",
            text: "Mathematicians turn the [kernel|kernel] by half a turn first and call that convolution. Frameworks do not turn it: what they call convolution is cross-correlation. A network that learns its weights does not care.",
            question: Some(QuestionWords {
                ask: "For which [kernel|kernel] does turning it change nothing?",
                options: &[
                    ("Sobel ↓", "Turned by half a turn it looks for the opposite edge: every sign in the map is the other one."),
                    ("Emboss", "Turned, it is lit from the opposite corner."),
                    (
                        "Gaussian",
                        "It looks the same after half a turn, so every product is the same. Choose Sobel now and switch between the two.",
                    ),
                ],
            }),
            notes: "The switch is the engine's own setting: the tensor stays as it is written, only the taps are read from the other end.",
            ..SAYS
        },
        StepWords {
            title: "One kernel, a plane for each channel",
            text: "A colour image has three [input|channels], so the [kernel|kernel] has three planes. Each makes its own map; they are added, number by number, to [sum|one output]. However many channels go in, one kernel gives one map.",
            notes: "Set the planes to red − blue: now it is an edge in colour, and the edge between wall and sky vanishes where both are equally red minus blue.",
            ..SAYS
        },
        StepWords {
            title: "Several kernels, several maps",
            text: "A layer has many [kernel|kernels] and gives as many [output|maps], each with its own question about the same [input|image]. Six kernels of 3×3 on three channels are 6 · 3 · 9 = 162 weights, however large the image is.",
            task: Some("Show it something of your own: your drawing, or the camera."),
            notes: "The maps are the channels of the next layer's input: this is all that 'depth' means.",
            ..SAYS
        },
    ],
    hand_over: "The link opens a network whose first layer has four kernels of the size that you see here. Watch them being found: open a tile of conv1 and you will see window, products and sum again.",
    sources: &[
        "R. C. Gonzalez, R. E. Woods: Digital Image Processing, chapter on spatial filtering: correlation and convolution, smoothing and sharpening.",
        "I. Sobel, G. Feldman: A 3×3 isotropic gradient operator for image processing, 1968.",
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, 2016.",
        "The 5×5 example is made up for this lesson.",
    ],
};
