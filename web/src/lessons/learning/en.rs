//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "How kernels learn",
    idea: "Kernels start as noise. Small steps against the gradient turn each of them into something else.",
    steps: &[
        StepWords {
            title: "It starts with noise",
            text: "Nobody tells a network which edges to look for. Its [kernel|kernels] begin as random numbers, and the [output|maps] of your [input|image] as an accident of these numbers. Every seed draws other ones.",
            notes: "Ask what all three maps have in common: the digit can still be seen. Even random kernels keep a good deal of the image, which is why the last layer can begin to learn from them at once.",
            ..SAYS
        },
        StepWords {
            title: "One step, slowly",
            text: "The loss L is large where the network gives the right class little probability. The [sum|gradient] says for each of the 25 numbers of a [kernel|kernel]: if it grows a little, by how much does the loss grow? Orange is above zero, blue below. Play the step.",
            question: Some(QuestionWords {
                ask: "What does the step do with a weight whose [sum|gradient] is above zero?",
                options: &[
                    (
                        "It makes it larger",
                        "Then the loss would grow: that is what a gradient above zero says. The minus sign in the formula turns the step round.",
                    ),
                    (
                        "It makes it smaller",
                        "Making it larger would make the loss larger, so the step goes the other way. Compare the first and the last kernel cell by cell.",
                    ),
                    (
                        "It sets it to zero",
                        "A step is the rate times the gradient, whatever the weight is. It may end on either side of zero.",
                    ),
                    (
                        "It depends on the sign of the weight",
                        "The sign of the weight is not in the formula's second term: only rate and gradient are.",
                    ),
                ],
            }),
            notes: "The gradient comes from backpropagation: the engine runs the chain rule from the loss back to the kernel. A kernel's weight is used at every place of the image, so its gradient is the sum over all places.",
            ..SAYS
        },
        StepWords {
            title: "What the step brings",
            text: "The [output|new kernel] goes back into the network; nothing else has changed. The bars say how sure the network was of the right class, and is now. How far a step goes is the rate η: you choose it, not the network.",
            task: Some("Take too large a step: find a rate with which the network is less sure afterwards than before."),
            notes: "The gradient is the slope at this place only. Over a long way the slope changes, and the step ends somewhere else. Training takes small steps, each for the mean of a batch of images.",
            ..SAYS
        },
        StepWords {
            title: "Now many steps",
            text: "400 steps, each with 32 digits of the real training set; [kernel|kernels] and classifier learn together. Watch the [kernel|kernels], the [sum|loss], and the share of [output|right answers].",
            task: Some("Train until more than 80 % of the answers are right."),
            notes: "Pause it, draw another image, let it go on: the maps are those of the image on the left, with the weights of this moment. Loss and right answers are means of the last 20 batches.",
            ..SAYS
        },
        StepWords {
            title: "The film",
            text: "A row for each [kernel|kernel], from the noise on the left to the last step on the right. All pictures have one scale of colours. Neighbouring numbers become alike, and light and dark sides come out: edges.",
            notes: "Much of the noise stays: three kernels and a few hundred steps are little. In the Lab, let it train for some epochs.",
            ..SAYS
        },
        StepWords {
            title: "What if they start equal?",
            text: "Here all three [kernel|kernels] start with the same number in every cell, and so does the layer behind them. Nothing else is different.",
            question: Some(QuestionWords {
                ask: "What happens to the three kernels in training?",
                options: &[
                    (
                        "They become different, only later",
                        "What could make them? Equal kernels give equal maps, these have equal gradients, and equal steps lead to equal kernels.",
                    ),
                    (
                        "They stay as they are",
                        "They do move: the layer behind them comes to treat the classes differently, and from then on the kernels have a gradient. See the largest change.",
                    ),
                    (
                        "They change, and stay equal",
                        "Equal kernels, equal maps, equal gradients, equal steps. Three kernels work as one: noise at the start is what lets them part.",
                    ),
                ],
            }),
            notes: "This is why weights are drawn at random: to break the symmetry. One differing number would be enough. Biases may all start at zero, since the weights are different already.",
            ..SAYS
        },
        StepWords {
            title: "What you decide",
            text: "The numbers inside the [kernel|kernels] are the network's: training finds them. How many kernels there are, how large, and the rate are yours: hyperparameters. Five networks train here, one after another, for 200 steps each; behind the kernels every map is cut down to 3×3 numbers.",
            question: Some(QuestionWords {
                ask: "What do 16 kernels bring against 1?",
                options: &[
                    (
                        "16 times as many right answers",
                        "Then one kernel would be right about one digit in sixteen at most, less than by guessing. Look at the first point.",
                    ),
                    (
                        "More right answers, but ever less for each doubling",
                        "The first kernels bring most: what they miss is harder, and further ones see much the same.",
                    ),
                    (
                        "Fewer: more weights are harder to train",
                        "More weights take more time for a step, but here every network has the same number of steps, and what more kernels see helps from the start.",
                    ),
                ],
            }),
            notes: "The last layer has nine numbers of every map; with the whole maps it would manage with one kernel. One seed and 200 steps: the curve is a measurement, not a law. Neighbouring points may swap with another seed.",
            ..SAYS
        },
        StepWords {
            title: "Decide otherwise",
            text: "Change the size of the [kernel|kernels] or the rate, and measure again. What was measured before stays, fainter. With too small a rate 200 steps lead nowhere; with too large a one they overshoot.",
            task: Some("Measure again with another size or another rate."),
            notes: "Hyperparameters are chosen by trying, on validation digits; the test digits are for the end. Here we look at the test digits straight away, which is not how one chooses.",
            ..SAYS
        },
    ],
    hand_over: "The same network is open in the Lab: let it train for some epochs, look at every kernel and its gradient, and change rate and rule while it runs.",
    sources: &[
        "D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors. Nature 323, 1986. Also the source of breaking symmetry by small random weights.",
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proceedings of the IEEE 86, 1998.",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning. MIT Press, 2016, sections 8.4 and 9.10.",
    ],
};
