//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Padding, stride, dilation",
    idea: "Three settings decide how large the output is, what the edge is told, and how far a kernel reaches.",
    steps: &[
        StepWords {
            title: "The output shrinks",
            text: "A [input|window] of 3 fits into 7 columns at only 5 places, so the [output|output] is 5 wide. Every layer without padding loses k − 1 rows and columns.",
            notes: "Ten such layers make 28 into 8. This is called `valid`: only windows that lie wholly within the image.",
            ..SAYS
        },
        StepWords {
            title: "A rim around the image",
            text: "Padding p adds a rim of p pixels on every side: the hatched cells. With p = 1 a 3×3 kernel keeps the size. That much padding is called `same`.",
            task: Some("Set the kernel to 5, and find the padding that keeps the [output|output] as large as the [input|image]."),
            notes: "p = (k − 1) / 2 for odd kernels. An even kernel needs more on one side than on the other: ask why.",
            ..SAYS
        },
        StepWords {
            title: "What is a rim made of?",
            text: "Here is an even grey of 0.9 everywhere, and a kernel that takes the mean of nine. There are five usual ways to fill the rim.",
            question: Some(QuestionWords {
                ask: "Which [output|outputs] will have a darker frame?",
                options: &[
                    (
                        "Only that of zeros",
                        "A mean of nine with three zeros among them is 0.6 instead of 0.9, and 0.4 at the corners. All others fill the rim with the same grey.",
                    ),
                    (
                        "None: a mean of equal numbers is that number",
                        "Zeros are no equal numbers: they stand beside 0.9 and pull the mean down.",
                    ),
                    ("All five", "Reflect, symmetric, replicate and circular copy pixels of the image, and all of those are 0.9."),
                    ("Zeros and circular", "Circular takes pixels from the other side. They are 0.9 as well."),
                ],
            }),
            notes: "Zero padding tells the network where the edge is. That can help, and it is why position leaks into networks that should not know it.",
            ..SAYS
        },
        StepWords {
            title: "Reflect, symmetric, replicate, circular",
            text: "On a ramp the five differ. Reflect mirrors at the edge pixel and does not repeat it; symmetric repeats it. Replicate repeats it again and again. Circular takes the other side, and so makes an edge where there is none.",
            task: Some(
                "This kernel answers to change from left to right. Choose the rims until you find one that makes no [output|number] at the border stronger than in the middle.",
            ),
            notes: "PyTorch calls them zeros, reflect, replicate, circular; NumPy's `symmetric` is the one that repeats the edge pixel. Mixing up reflect and symmetric is the usual mistake.",
            ..SAYS
        },
        StepWords {
            title: "Stride: skip places",
            text: "With stride 2 the [input|window] moves two pixels at a time, and half of the rows and columns of the [output|output] are never made. Nothing is averaged: those places are left out.",
            task: Some("Find a kernel and a stride at which some pixels are read by no [input|window] at all."),
            notes: "Switch on how often each pixel is read. A stride larger than the kernel wastes part of the image; a stride that does not divide the kernel reads pixels unevenly.",
            ..SAYS
        },
        StepWords {
            title: "Dilation: holes in the kernel",
            text: "With dilation 2 the nine weights lie two pixels apart. They span 5×5 pixels, though there are still only [input|nine of them]: more reach at the same cost.",
            notes: "Compare with a 5×5 kernel: the same span, 25 weights. Drag the window to see which pixels it steps over.",
            ..SAYS
        },
        StepWords {
            title: "The gridding artefact",
            text: "Three layers of dilation 2 on top of each other: the [input|field] of one number is 13×13. But every weight lies an even number of pixels from the middle, so three of four pixels are never read.",
            question: Some(QuestionWords {
                ask: "Which dilations of three 3×3 layers reach 13×13 pixels, too, and leave no holes?",
                options: &[
                    ("4, 4, 4", "They reach 25×25, and step over even more: one pixel in sixteen is read."),
                    ("1, 1, 1", "No holes, but they reach only 7×7."),
                    ("1, 2, 3", "1 + 2·(1 + 2 + 3) = 13, and the first layer fills what the others step over."),
                ],
            }),
            notes: "The number in a cell counts the ways from that pixel to the output. Wang et al. call the remedy hybrid dilated convolution.",
            ..SAYS
        },
        StepWords {
            title: "When there is no output",
            text: "A 5×5 kernel of dilation 2 spans 9 pixels, and the image has 7: not one [input|window] fits. The engine refuses, and says what would be legal.",
            task: Some("Leave kernel and dilation as they are, and make it a layer again."),
            notes: "In a network this error comes late: after some layers the maps have become smaller than the next kernel. The Lab marks the layer where it breaks.",
            ..SAYS
        },
    ],
    hand_over: "The link opens a network whose first layer is set as here. In the workbench every layer tells its output's shape while you change padding, stride and dilation.",
    sources: &[
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, 2016.",
        "F. Yu, V. Koltun: Multi-scale context aggregation by dilated convolutions, 2016.",
        "P. Wang et al.: Understanding convolution for semantic segmentation, 2018 (the gridding artefact).",
        "M. A. Islam, S. Jia, N. D. B. Bruce: How much position information do convolutional neural networks encode?, 2020.",
    ],
};
