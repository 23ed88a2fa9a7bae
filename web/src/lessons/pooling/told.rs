//! How a pooled number came about, in MathML.

use engine::ops::account::{Account, Form};

use super::kinds::Kind;
use crate::learn::grid::written;

/// Windows with more numbers are only counted.
const MOST: usize = 6;

pub fn written_out(account: &Account, kind: Kind) -> String {
    let values: Vec<String> =
        account.terms.iter().filter(|t| t.from.is_some()).map(|t| format!("<mn>{}</mn>", written(t.value, 2))).collect();
    let few = values.len() <= MOST;
    let listed = |between: &str| if few { values.join(between) } else { format!("<mtext>{} numbers</mtext>", values.len()) };
    let terms = match account.form {
        Form::Largest => format!("<mi>max</mi><mo>(</mo>{}<mo>)</mo>", listed("<mo>,</mo>")),
        Form::Mean { count } => format!(
            "<mfrac><mrow>{}</mrow><mn>{count}</mn></mfrac>",
            if few { listed("<mo>+</mo>") } else { format!("<mtext>sum of {} numbers</mtext>", values.len()) }
        ),
        Form::Norm { p } => {
            let powers: Vec<String> = values.iter().map(|v| format!("<msup>{v}<mn>{p}</mn></msup>")).collect();
            let inner = if few { powers.join("<mo>+</mo>") } else { format!("<mtext>{} powers</mtext>", values.len()) };
            format!("<msup><mrow><mo>(</mo>{inner}<mo>)</mo></mrow><mrow><mn>1</mn><mo>/</mo><mn>{p}</mn></mrow></msup>")
        }
        Form::Drawn { .. } => format!("<mtext>drawn from </mtext><mo>(</mo>{}<mo>)</mo>", listed("<mo>,</mo>")),
        _ => format!("<mtext>{}</mtext>", kind.name()),
    };
    format!("{terms}<mo>=</mo><mn class=\"result\">{}</mn>", written(account.result() as f32, 2))
}
