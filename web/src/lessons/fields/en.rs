//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Receptive fields",
    idea: "How much of the image one unit can see, and how much of that really counts for it.",
    steps: &[
        StepWords {
            title: "What one unit sees",
            text: "A [output|unit] of the third layer reads 3×3 units of the second; these read 5×5 of the first, and those [input|7×7 pixels]. These pixels are its receptive field: nothing outside can change it. Touch any unit of any layer. Every kernel here takes the mean, so the maps become softer.",
            task: Some("Find a unit that sees [input|5×5 pixels], no more and no less."),
            notes: "Each layer of 3×3 adds 2 rows and 2 columns. Ask: how many such layers until a unit sees all 28 rows? Fourteen, since 2 · 14 + 1 = 29.",
            ..SAYS
        },
        StepWords {
            title: "One stride of 2",
            text: "Now the second of three 3×3 layers moves by 2. The field of the [output|unit] in the third layer is covered.",
            question: Some(QuestionWords {
                ask: "How many rows of the [input|image] does it see?",
                options: &[
                    (
                        "7",
                        "That is the answer without the stride. Behind it neighbours stand 2 pixels apart, so the third layer adds 2 · 2 rows, not 2.",
                    ),
                    (
                        "9",
                        "3, then 5, then 9. A stride does not widen its own layer: the second still adds 2. It counts for the layers behind it.",
                    ),
                    ("11", "That would be so if the first layer had the stride: then the second and the third would both add 4."),
                    ("14", "The stride does not double the field. It doubles what each later layer adds."),
                ],
            }),
            notes: "This is often told wrong: the field grows by (kernel − 1) times dilation times the product of the earlier strides.",
            ..SAYS
        },
        StepWords {
            title: "Size, jump and start",
            text: "Three numbers follow a field through the stack: its [input|size] r, the [kernel|jump] j between the fields of neighbours, and where the first begins, a. Padding p moves the start out of the image. Change kernel, stride and dilation in the table.",
            task: Some("Build at most four layers of which one unit sees all 28 rows: [input|size] 28 or more."),
            notes: "The engine computes the table from the same rule that it allots memory by. With padding a field hangs over the edge: the box shows the part that lies in the image.",
            ..SAYS
        },
        StepWords {
            title: "Three ways to see further",
            text: "Four stacks, each with three 3×3 kernels: 27 weights. Plain, with stride, with pooling, with dilation. In each the unit in the middle of the last map is looked at.",
            question: Some(QuestionWords {
                ask: "Which one sees 15×15 pixels and still has a unit for every neighbouring place, one pixel apart?",
                options: &[
                    ("Stride 2", "It sees 15×15, but its units stand four pixels apart: two strides of 2."),
                    ("Pooling", "It sees most, 18×18. But each pooling halves the map, and its units stand four pixels apart."),
                    (
                        "Dilation 1, 2, 4",
                        "Its weights stand further and further apart, and the map stays fine: neighbours are one pixel apart.",
                    ),
                    ("The plain stack", "Its units are one pixel apart, but it sees no more than 7×7."),
                ],
            }),
            notes: "Dilation keeps the resolution but costs computation at every place. Stride and pooling make all later layers cheaper.",
            ..SAYS
        },
        StepWords {
            title: "Not all pixels count alike",
            text: "The formula says which pixels can change a unit, not how much. How much is a gradient: by how much the unit changes when one pixel does. Nine layers of 3×3 with equal weights have a field of [input|19×19]; its [output|inner half] is 9×9, 22 % of the area.",
            question: Some(QuestionWords {
                ask: "How much of all influence comes from the [output|inner half]?",
                options: &[
                    (
                        "22 %, like its area",
                        "That would be so if every pixel had one way to the unit. Those in the middle have very many ways, those in the corners one.",
                    ),
                    ("About half", "More: the ways through nine layers pile up in the middle, as the sums of many dice do."),
                    (
                        "More than four fifths",
                        "The number of ways from a pixel to the unit falls like a bell curve. The outer pixels can change the unit, but hardly do.",
                    ),
                    ("All of it", "The rim does count, only little: the corner pixels have exactly one way to the unit."),
                ],
            }),
            notes: "Convolving a box with itself nine times gives nearly a Gaussian: the central limit theorem. The curve beneath the picture is what each column adds up to.",
            ..SAYS
        },
        StepWords {
            title: "Depth widens it slowly",
            text: "The weights are drawn at random now. With every layer the field by the formula grows by two rows; the part that [sum|counts] grows only like the square root of the number of layers.",
            task: Some(
                "Add layers until the square with [sum|95 % of the influence] is at least four rows smaller than the [input|field].",
            ),
            notes: "Draw other weights a few times: the picture changes, its width hardly does. Luo and others proved it for random weights.",
            ..SAYS
        },
        StepWords {
            title: "Before and after training",
            text: "A network with six convolutions, and what a unit in the middle of the last one looks at in your image: with the weights it began with, and with those it has [sum|now]. Train it, and see where the influence goes. Draw something else: the ReLUs open other ways.",
            task: Some("Train the network for a moment and compare the two [input|pictures]."),
            notes: "Luo and others found that training widens the effective field in their networks. Whether it does here, on digits, the two pictures tell; do not promise it beforehand.",
            ..SAYS
        },
    ],
    hand_over: "The link opens this network in the Lab. Train it there, look into a unit of a deep layer, and have its field measured.",
    sources: &[
        "A. Araujo, W. Norris, J. Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019: size, jump and start.",
        "W. Luo, Y. Li, R. Urtasun, R. Zemel: Understanding the Effective Receptive Field in Deep Convolutional Neural Networks, 2016.",
        "F. Yu, V. Koltun: Multi-Scale Context Aggregation by Dilated Convolutions, 2016.",
    ],
};
