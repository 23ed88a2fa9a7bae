//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "Pooling",
    idea: "A map is made smaller: each window keeps one number, and small shifts matter less.",
    steps: &[
        StepWords {
            title: "The largest of each window",
            text: "The [input|map] says how strong an edge is at each place of your image. Max pooling lays windows of 2×2 side by side and keeps the [kernel|largest number] of each: the edge was found, somewhere in there. A quarter of the numbers is [output|left].",
            task: Some("Make the windows 4×4, and see who wins now."),
            notes: "Nothing is learnt here: max pooling has no weights. Where a whole window is empty nobody wins, and nothing is marked.",
            ..SAYS
        },
        StepWords {
            title: "Or the average",
            text: "Average pooling takes the mean of each [input|window] instead. On the right stands what it gives [sum|less the maximum] of the same window.",
            question: Some(QuestionWords {
                ask: "How does the [output|map of averages] compare with that of the maxima?",
                options: &[
                    (
                        "Every number is smaller",
                        "Nearly. But where all numbers of a window are the same, as on empty paper, mean and maximum are the same too.",
                    ),
                    (
                        "No number is larger; some are the same",
                        "A mean never exceeds the largest. The two agree exactly where a window is even.",
                    ),
                    ("Some numbers are larger", "A mean lies between the smallest and the largest number: it cannot exceed the maximum."),
                    (
                        "Every number is a quarter",
                        "That is so only where three of the four are 0. Usually neighbours of a strong number are strong too.",
                    ),
                ],
            }),
            notes: "The maximum asks whether something is there, the mean how much of it there is.",
            ..SAYS
        },
        StepWords {
            title: "Between sum and maximum",
            text: "Lp pooling raises each number to the power p, adds up, and takes the root. With p = 1 that is the plain sum. The higher p, the more the largest number counts alone, and the smaller is the [sum|difference to the maximum].",
            task: Some("Raise p to 8, and watch the [sum|difference] shrink."),
            notes: "It is a sum, not a mean: it never falls below the maximum. In a window with two equal numbers a, p = 8 still gives 1.09 a.",
            ..SAYS
        },
        StepWords {
            title: "Drawn by lot",
            text: "Stochastic pooling draws one number of each window, a large one more often than a small one. So the network cannot rely on one [kernel|place]. That is in training; later it takes the mean of what could have been drawn. Fractional pooling draws where windows begin.",
            task: Some("Draw a few times, with [kernel|either of the two]."),
            notes: "Zeiler and Fergus 2013; Graham 2014. Both act against overfitting, as dropout does.",
            ..SAYS
        },
        StepWords {
            title: "Ask for the size",
            text: "Adaptive pooling is told how large the [output|output] shall be, and makes the windows fit: to get 5 out of 12 they overlap and differ in size. So any image may come in, and the layer behind always gets as many numbers.",
            task: Some("Ask for 1×1: the whole map becomes one number. That is global pooling."),
            notes: "Global average pooling instead of a large dense layer: Lin, Chen and Yan 2014. Try 11 of 12: nearly all windows overlap.",
            ..SAYS
        },
        StepWords {
            title: "Where the gradient goes",
            text: "In training, each [output|pooled number] is told how to change: here one number gets a gradient of 1. Pooling has no weights to change, so it only passes this back to the [input|map].",
            question: Some(QuestionWords {
                ask: "Which cells of the window get [sum|a gradient], with the maximum?",
                options: &[
                    (
                        "Only the winner, and all of it",
                        "If another cell changed a little, the maximum would stay the same. So its gradient is 0; the winner's is 1.",
                    ),
                    ("All four, a quarter each", "That is average pooling, where each of the four has the same part in the result."),
                    ("All four, 1 each", "That would be the sum of the window. Here three of them do not reach the output at all."),
                    (
                        "None: there is nothing to learn",
                        "Pooling has no weights, but the layers before it have. Without a gradient they would learn nothing.",
                    ),
                ],
            }),
            notes: "The engine pulls on one number of the output, and shows what arrives at the layer before: the real backward pass.",
            ..SAYS
        },
        StepWords {
            title: "Spread, or to one place",
            text: "The average gives each cell of its window the same [sum|share]. Together they always get 1. Other kinds share by size: Lp gives large numbers more. Choose another kind.",
            task: Some("Find a kind of pooling whose [sum|gradient] reaches all 144 cells of the map."),
            notes: "Max pooling: sparse, sharp gradients. Global average: every place of the map learns a little from every image.",
            ..SAYS
        },
        StepWords {
            title: "Move the image",
            text: "A convolution's map moves along with the image. How much of what is [kernel|pooled] changes then? The curve shows it [input|without pooling]: at √2 the old and the new map have nothing in common.",
            question: Some(QuestionWords {
                ask: "Your image moves by one pixel. Whose output changes least?",
                options: &[
                    ("No pooling", "All numbers move to the next place: nothing is where it was. This changes most."),
                    ("Maximum of 2×2", "Where the winner stays within its window nothing changes, but every second one leaves it."),
                    ("Average of 2×2", "What crosses into the next window is missing in this one: the mean notices each such pixel."),
                    (
                        "Global average",
                        "The mean of the whole map does not ask where. As long as nothing is moved out of the image, it stays the same: invariant.",
                    ),
                ],
            }),
            notes: "Equivariance is the convolution's; invariance is bought with pooling, bit by bit. The price: where something was is forgotten.",
            ..SAYS
        },
        StepWords {
            title: "What a window buys",
            text: "Pooling is only roughly invariant: as long as the strongest number stays within its window. Larger [kernel|windows] bear larger shifts, and forget more.",
            task: Some("Find a window with which [kernel|max pooling] changes at most half as much as no pooling."),
            notes: "A shift by the stride of the pooling moves the pooled map by exactly one cell. Between that, aliasing: Zhang 2019 blurs before skipping.",
            ..SAYS
        },
        StepWords {
            title: "Or skip every second place",
            text: "A convolution with [kernel|stride 2] makes the map as small without any pooling: it does not even look at the other places. With a [output|second convolution] the network itself learns how to make four numbers one, for more weights; here its weights are a quarter each.",
            question: Some(QuestionWords {
                ask: "Which needs the fewest multiply-adds?",
                options: &[
                    ("3×3, then maximum", "Comparing is cheap, but before it the convolution is computed at all 28·28 places."),
                    ("3×3 with stride 2", "It is computed at 14·14 places only: a quarter of the work. What lies between is never seen."),
                    ("3×3, then 2×2 with stride 2", "This does most: the whole convolution, and a second one behind it."),
                ],
            }),
            notes: "Springenberg and others 2015: networks of convolutions alone do as well. After 300 steps the three lie close together, and another seed may change their order: ask what a fair comparison would need.",
            task: Some("Train all three: same seed, same digits, 300 steps each. Is the one with the most work the best?"),
        },
    ],
    hand_over: "The link opens the strided convolution in a network that learns. Put a convolution and a max pooling in its place, and compare accuracy, time and what happens when the test digits are moved.",
    sources: &[
        "Y. LeCun and others: Gradient-based learning applied to document recognition, Proceedings of the IEEE 86, 1998: subsampling by averages.",
        "D. Scherer, A. Müller, S. Behnke: Evaluation of pooling operations in convolutional architectures, ICANN 2010.",
        "M. Zeiler, R. Fergus: Stochastic pooling, ICLR 2013. B. Graham: Fractional max-pooling, arXiv 1412.6071, 2014.",
        "M. Lin, Q. Chen, S. Yan: Network in network, ICLR 2014: global average pooling.",
        "J. Springenberg and others: Striving for simplicity, ICLR 2015 workshop: strides instead of pooling.",
        "R. Zhang: Making convolutional networks shift-invariant again, ICML 2019.",
    ],
};
