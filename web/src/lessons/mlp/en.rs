//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "MLP against CNN",
    idea: "Equal weights, equal digits, one seed: what it is worth to know that an image has neighbours.",
    steps: &[
        StepWords {
            title: "Flattening",
            text: "A dense layer takes a row of numbers. So the [input|image] is read row by row, and written into [output|one line]: nothing is lost but who stood beside whom. Play it, or touch a pixel in either picture.",
            question: Some(QuestionWords {
                ask: "Two pixels stand one above the other. How far apart are they in the line?",
                options: &[
                    ("1 place", "That is so for two pixels side by side. To come to the pixel below, a whole row has to be read first."),
                    ("7 places", "One row further, W = 7 places. In an image of 28×28 it would be 28."),
                    ("49 places", "That is the length of the whole line. A row has only 7 pixels."),
                    ("It depends on the row", "The row times W: one row more is always W more, whichever row it is."),
                ],
            }),
            notes: "To a dense layer the order means nothing at all: any other order of pixels would do as well, as long as it is the same for all images. Step 5 makes use of that.",
            ..SAYS
        },
        StepWords {
            title: "Equal weights",
            text: "An [input|MLP]: every pixel to 16 units, these to the 10 classes. A [output|CNN]: two convolutions of 5×5, then one dense layer. Their numbers of weights differ by less than a hundredth. Both see the same 9600 digits, 32 at a step.",
            question: Some(QuestionWords {
                ask: "After 300 steps each: which one knows more of the test digits?",
                options: &[
                    (
                        "The MLP: every unit sees the whole image",
                        "Each unit has to learn every stroke at every place anew. What it sees at one place teaches it nothing about another.",
                    ),
                    (
                        "The CNN",
                        "Its weights are few for each kernel and used at every place, so that every digit teaches them many times over.",
                    ),
                    (
                        "Neither: they have equally many weights",
                        "How many weights there are matters less than what is done with them. The CNN uses each of its kernels' weights hundreds of times in one image.",
                    ),
                ],
            }),
            notes: "The price is work: equal weights, but some sixty times as many multiplications, as the table says. The last step comes back to that.",
            ..SAYS
        },
        StepWords {
            title: "Move the digits",
            text: "Now 300 test digits are moved to the right, all by the same number of pixels; neither network is trained again. Beneath your image stands what they take it for. Play it.",
            task: Some("Find how far the digits have to be moved until the [input|MLP] knows less than half of them."),
            notes: "The training digits are centred, so neither has seen such a digit. The CNN is better here, but not immune: its last layer reads flattened maps, and knows places.",
            ..SAYS
        },
        StepWords {
            title: "The other way out",
            text: "The [output|CNN] flattens its 24 maps of 4×4 into 384 numbers. A [kernel|third network] takes the mean of each map instead: 24 numbers, and a last layer of 250 weights in place of 3850. Where something was found is gone; that it was found stays.",
            question: Some(QuestionWords {
                ask: "The digits are moved by 4 pixels. Which one loses least?",
                options: &[
                    (
                        "The MLP",
                        "Its weights belong to pixels. When the digit moves, other weights meet it, which have learnt something else.",
                    ),
                    (
                        "The CNN that flattens",
                        "Its maps move along with the digit, but the layer behind them has other weights for each place.",
                    ),
                    (
                        "The CNN with means",
                        "A map that moves keeps its mean, until the digit runs into the edge. It knew fewer digits to begin with, but it loses least.",
                    ),
                ],
            }),
            notes: "Global average pooling is from Lin, Chen and Yan, 2013. It has no weights, takes images of any size, and forbids the last layer to learn places. It pays with slower learning: compare the curves at 0.",
            ..SAYS
        },
        StepWords {
            title: "Shuffle the pixels",
            text: "One order of the 784 pixels is drawn, and every digit is [sum|shuffled] by it: in training and in the test. Both networks train anew, on 4000 digits as they are (pale) and on the same digits shuffled.",
            question: Some(QuestionWords {
                ask: "What does the shuffling do to their right answers?",
                options: &[
                    (
                        "The CNN gets worse, the MLP hardly changes",
                        "To a dense layer one order is like another. The CNN looks for what lies side by side, and there is nothing any more.",
                    ),
                    (
                        "Both get worse: nobody can read that",
                        "You cannot. But an MLP never knew which pixels are neighbours, so it has nothing to lose.",
                    ),
                    ("The MLP gets worse, the CNN hardly changes", "It is the other way round: it is the CNN that relies on neighbours."),
                    (
                        "Neither changes: the pixels are all still there",
                        "For the MLP that is so. The CNN only ever looks at windows of 5×5, and these hold pixels from everywhere now.",
                    ),
                ],
            }),
            notes: "What a CNN assumes (near things belong together, and look the same everywhere) is called its inductive bias. Where it does not hold, it is of no use.",
            ..SAYS
        },
        StepWords {
            title: "Only 500 digits",
            text: "What is assumed need not be learnt. Here both train with all digits (pale), and then with 500, each of which comes again and again. They make the same number of steps.",
            task: Some("Train them, and compare what each has lost."),
            notes: "Training accuracy on 500 digits goes up to nearly 100 %: they are learnt by heart. The gap to the test digits is overfitting.",
            ..SAYS
        },
        StepWords {
            title: "The price",
            text: "The image grows. Every pixel more is 16 more weights for the [input|MLP]. The kernels of the [output|CNN] stay, but what is flattened grows; with [kernel|means] no weight is added at all. The work grows with the image for all three.",
            task: Some("Find the side from which on the [input|MLP] has a hundred times as many weights as the [kernel|CNN with means]."),
            notes: "Numbers kept: what all layers give out for one image. Training has to keep them for every image of a batch until the gradient comes back, so for CNNs they need more memory than the weights do.",
            ..SAYS
        },
    ],
    hand_over: "The network is open in the Lab. Turn on shifts in the augmentation, and see whether the moved digits are learnt.",
    sources: &[
        "Y. LeCun, B. Boser, J. Denker and others: Backpropagation applied to handwritten zip code recognition. Neural Computation 1, 1989.",
        "M. Lin, Q. Chen, S. Yan: Network in network. 2013 (global average pooling).",
        "C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals: Understanding deep learning requires rethinking generalization. 2017 (shuffled pixels).",
    ],
};
