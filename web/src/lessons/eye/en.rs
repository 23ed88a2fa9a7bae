//! English.

use crate::lessons::{QuestionWords, SAYS, StepWords, Words};

pub const WORDS: Words = Words {
    title: "From eye to network",
    idea: "Cells in the visual cortex each watch one small place for one kind of line. A convolutional network is built from the same idea.",
    steps: &[
        StepWords {
            title: "A cell that watches one place",
            text: "In 1959 Hubel and Wiesel listened to single cells in the visual cortex of a cat. Each answered to [input|one small place] only, and there to a line at one angle. Such a cell is a small set of [kernel|weights]: light on the orange stripe excites it, light beside it holds it back. It [output|fires], or it is silent; it cannot answer below zero.",
            task: Some("Drag the [input|field] over your image until the cell [output|fires] nearly as strongly as it can here."),
            notes: "Here ink takes the part of light. The story goes that the first cell fired at the edge of a glass slide, not at the dot on it.",
            ..SAYS
        },
        StepWords {
            title: "Turn a bar before it",
            text: "Now a bar is shown in the middle of the field of a cell that prefers 45°. Turn it: the [output|curve] is what the cell gives at every angle, its tuning curve. These weights are a wave under a hill, which is called a Gabor function.",
            task: Some("Turn the [input|bar] until the cell answers as strongly as it can."),
            notes: "Ask: can this one cell tell the angle of the bar? No: the same answer comes from both sides of the peak, and from a fainter bar. It takes several cells.",
            ..SAYS
        },
        StepWords {
            title: "The wrong way round",
            text: "This cell prefers an upright bar, 90°. The [input|bar] lies flat, right across the middle of its field.",
            question: Some(QuestionWords {
                ask: "How does the cell answer?",
                options: &[
                    (
                        "As strongly as to an upright bar",
                        "The bar is as bright, but only a piece of it lies on the stripe that excites. The rest lies on those that hold the cell back.",
                    ),
                    (
                        "Half as strongly",
                        "More is lost than half: what the flat bar excites in the middle it takes away again on both sides.",
                    ),
                    (
                        "Not at all",
                        "The bar covers the exciting stripe and the two that hold back alike. The sum is not above zero, so the cell stays silent.",
                    ),
                ],
            }),
            notes: "Weights that add up to 0 along the bar: the cell cannot see what does not change across its stripe.",
            ..SAYS
        },
        StepWords {
            title: "A cell for every angle, at every place",
            text: "The cortex has cells for all angles at every place. Eight of them, at every pixel of your image: that is a convolution with eight kernels and eight [output|maps]. Each map shows where its line is. Touch a place: the curve is what the eight cells there say.",
            task: Some("Find a place where a cell for a [output|slanting] line answers most, and clearly."),
            notes: "Choose a 0 and go around it: the winner turns with the stroke. Nobody chose these places: every map uses one kernel for all of them.",
            ..SAYS
        },
        StepWords {
            title: "Simple cells and complex cells",
            text: "In 1962 Hubel and Wiesel told two kinds apart. A [kernel|simple cell] wants its line at exactly one place. A [output|complex cell] seems to listen to many simple cells for one angle, and to answer as the strongest of them does: here 5×5. The bar stands two pixels beside the middle, and the simple cell there is silent.",
            question: Some(QuestionWords {
                ask: "What does the [output|complex cell] do?",
                options: &[
                    (
                        "It answers as strongly as before",
                        "Another of its simple cells now has the bar in its middle. The complex cell no longer knows where exactly, only that there is an upright line.",
                    ),
                    (
                        "It becomes as weak as the simple cell",
                        "It would if it listened to that one alone. It takes the strongest of 25 cells, and one of them sees the bar in its middle.",
                    ),
                    ("It answers more strongly", "The strongest of its cells never gives more than a bar in its middle does."),
                ],
            }),
            notes: "Fukushima built this in 1980 as S and C layers. Max pooling is today's word for the C layer. Move the bar by three pixels and the complex cell begins to lose it, too.",
            ..SAYS
        },
        StepWords {
            title: "The parts of a network",
            text: "The same parts in a small network, on your own image. [conv|Convolution]: six kernels, each at every place. [relu|ReLU]: what is below zero becomes zero. [pool|Pooling]: of 2×2 places the strongest answer stays. The difference to the eye of before: nobody has chosen these kernels, they are still random.",
            notes: "Point at the words: each lights its part. Draw while the room watches: all maps follow.",
            ..SAYS
        },
        StepWords {
            title: "And an answer",
            text: "A [dense|dense] layer looks at all pooled numbers and gives a score for each digit. [softmax|Softmax] makes shares of them that add up to 1. With random weights the answer means nothing. Train it on MNIST for a moment: kernels and weights change until the answers are right.",
            task: Some("Train the network, then draw a digit and see whether the [softmax|largest share] is right."),
            notes: "Some kernels become edges, but no kernel is told to. That the cortex learns by gradients is not known, and is not claimed.",
            ..SAYS
        },
    ],
    hand_over: "The link opens the network of the last two steps. Train it there, and look at its kernels as they form.",
    sources: &[
        "D. Hubel, T. Wiesel: Receptive fields of single neurones in the cat's striate cortex, Journal of Physiology 148, 1959.",
        "D. Hubel, T. Wiesel: Receptive fields, binocular interaction and functional architecture in the cat's visual cortex, Journal of Physiology 160, 1962.",
        "K. Fukushima: Neocognitron, Biological Cybernetics 36, 1980: layers of simple and complex cells.",
        "J. Jones, L. Palmer: An evaluation of the two-dimensional Gabor filter model of simple receptive fields in cat striate cortex, Journal of Neurophysiology 58, 1987.",
    ],
};
