//! Formulae of the layers as MathML, in letters and with live numbers.

use engine::ops::account::{Account, Form, Function, Term};

use crate::widgets::number;

/// Terms that are written out before the rest becomes dots.
const WRITTEN: usize = 6;

fn letter(text: &str) -> String {
    format!("<mi>{text}</mi>")
}

fn sign(text: &str) -> String {
    format!("<mo>{text}</mo>")
}

fn plain(value: f64) -> String {
    let text = number::signed(value as f32);
    if value < 0.0 { format!("<mrow><mo>(</mo><mn>{text}</mn><mo>)</mo></mrow>") } else { format!("<mn>{text}</mn>") }
}

fn fraction(above: &str, below: &str) -> String {
    format!("<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>")
}

fn root(inside: &str) -> String {
    format!("<msqrt>{inside}</msqrt>")
}

fn raised(base: &str, power: &str) -> String {
    format!("<msup><mrow>{base}</mrow><mrow>{power}</mrow></msup>")
}

fn math(inside: &str) -> String {
    format!("<math display=\"block\"><mrow>{inside}</mrow></math>")
}

fn row(parts: &[String]) -> String {
    parts.concat()
}

fn indexed(name: &str) -> String {
    format!("<msub><mi>{name}</mi><mi>i</mi></msub>")
}

fn sum_of(what: &str) -> String {
    format!("<munder><mo>∑</mo><mi>i</mi></munder>{what}")
}

/// Whether terms have weights; where nothing is known of them they may.
fn is_weighed(terms: &[Term]) -> bool {
    terms.is_empty() || terms.iter().any(|t| t.factor != 1.0)
}

/// The layer's formula in letters.
pub fn general(account: &Account) -> String {
    let form = &account.form;
    let x = || letter("x");
    let y = row(&[letter("y"), sign("=")]);
    let right = match form {
        Form::Copy => x(),
        Form::Sum { bias } => {
            let sum = if is_weighed(&account.terms) { sum_of(&row(&[indexed("w"), indexed("x")])) } else { sum_of(&indexed("x")) };
            if bias.is_some() { row(&[sum, sign("+"), letter("b")]) } else { sum }
        }
        Form::Product => row(&[letter("x"), sign("·"), letter("gate")]),
        Form::Mean { .. } => fraction(&sum_of(&indexed("x")), &letter("n")),
        Form::Largest => row(&["<munder><mi>max</mi><mi>i</mi></munder>".to_owned(), indexed("x")]),
        Form::Norm { .. } => raised(
            &row(&[sign("("), sum_of(&raised(&row(&[sign("|"), indexed("x"), sign("|")]), &letter("p"))), sign(")")]),
            &fraction("<mn>1</mn>", &letter("p")),
        ),
        Form::Expected => fraction(&sum_of(&raised(&indexed("x"), "<mn>2</mn>")), &sum_of(&indexed("x"))),
        Form::Drawn { .. } => row(&[letter("one of"), indexed("x")]),
        Form::Function(f) => function(*f, &x()),
        Form::Standardised { affine, .. } => {
            let even =
                fraction(&row(&[x(), sign("−"), letter("μ")]), &root(&row(&[raised(&letter("σ"), "<mn>2</mn>"), sign("+"), letter("ε")])));
            if affine.is_some() { row(&[even, sign("·"), letter("γ"), sign("+"), letter("β")]) } else { even }
        }
        Form::Share { log } => {
            let share = fraction(&raised(&letter("e"), &x()), &sum_of(&raised(&letter("e"), &indexed("x"))));
            if *log { row(&[letter("ln"), share]) } else { share }
        }
    };
    math(&row(&[y, right]))
}

/// A function of `x`, which is a letter or a number.
fn function(f: Function, x: &str) -> String {
    let exp = |inside: &str| raised(&letter("e"), inside);
    let one = "<mn>1</mn>";
    let sigmoid = fraction(one, &row(&[one.to_owned(), sign("+"), exp(&row(&[sign("−"), x.to_owned()]))]));
    let or = |below: &str| row(&[x.to_owned(), "<mtext> above 0, else </mtext>".to_owned(), below.to_owned()]);
    match f {
        Function::Relu => row(&[letter("max"), sign("("), "<mn>0</mn>".to_owned(), sign(","), x.to_owned(), sign(")")]),
        Function::Leaky { slope } => or(&row(&[plain(f64::from(slope)), sign("·"), x.to_owned()])),
        Function::Elu { alpha } => or(&row(&[plain(f64::from(alpha)), sign("·"), sign("("), exp(x), sign("−"), one.to_owned(), sign(")")])),
        Function::Gelu { by_tanh } => row(&[
            x.to_owned(),
            sign("·"),
            letter("Φ"),
            sign("("),
            x.to_owned(),
            sign(")"),
            (if by_tanh { "<mtext> (by tanh)</mtext>" } else { "" }).to_owned(),
        ]),
        Function::Silu => row(&[x.to_owned(), sign("·"), sigmoid]),
        Function::Sigmoid => sigmoid,
        Function::Tanh => row(&[letter("tanh"), x.to_owned()]),
        Function::Softplus { beta, .. } => {
            let b = plain(f64::from(beta));
            let inside = row(&[letter("ln"), sign("("), one.to_owned(), sign("+"), exp(&row(&[b.clone(), x.to_owned()])), sign(")")]);
            if beta == 1.0 { inside } else { fraction(&inside, &b) }
        }
        Function::Hardswish => {
            let three = "<mn>3</mn>".to_owned();
            let clamp = row(&[
                letter("clamp"),
                sign("("),
                x.to_owned(),
                sign("+"),
                three,
                sign(","),
                "<mn>0</mn>".to_owned(),
                sign(","),
                "<mn>6</mn>".to_owned(),
                sign(")"),
            ]);
            fraction(&row(&[x.to_owned(), sign("·"), clamp]), "<mn>6</mn>")
        }
    }
}

/// Some of the terms, then dots.
fn listed(terms: &[Term], between: &str, of: impl Fn(&Term) -> String) -> String {
    let mut parts: Vec<String> = terms.iter().take(WRITTEN).map(of).collect();
    if terms.len() > WRITTEN {
        parts.push(sign("…"));
    }
    parts.join(&sign(between))
}

/// The same with its numbers, and what they make.
pub fn live(account: &Account) -> String {
    let first = account.terms.first().map_or(0.0, |t| f64::from(t.value));
    let wide = |v: f32| plain(f64::from(v));
    let value = |t: &Term| wide(t.value);
    // What lies beyond the edge adds nothing; the table shows it.
    let inside: Vec<Term> = account.terms.iter().filter(|t| t.from.is_some()).copied().collect();
    let left = match &account.form {
        Form::Copy => plain(first),
        Form::Sum { bias } => {
            let weighed = inside.iter().any(|t| t.factor != 1.0);
            let sum = listed(&inside, "+", |t| if weighed { row(&[wide(t.factor), sign("·"), value(t)]) } else { value(t) });
            bias.map_or(sum.clone(), |bias| row(&[sum.clone(), sign("+"), wide(bias)]))
        }
        Form::Product => listed(&inside, "·", value),
        Form::Mean { count } => fraction(&listed(&inside, "+", value), &format!("<mn>{count}</mn>")),
        Form::Largest => row(&[letter("max"), sign("("), listed(&inside, ",", value), sign(")")]),
        Form::Norm { p } => {
            let p = wide(*p);
            let power = |t: &Term| raised(&row(&[sign("|"), value(t), sign("|")]), &p);
            raised(&row(&[sign("("), listed(&inside, "+", power), sign(")")]), &fraction("<mn>1</mn>", &p))
        }
        Form::Expected => {
            let positive: Vec<Term> = inside.iter().filter(|t| t.value > 0.0).copied().collect();
            if positive.is_empty() {
                "<mn>0</mn>".to_owned()
            } else {
                fraction(&listed(&positive, "+", |t| raised(&value(t), "<mn>2</mn>")), &listed(&positive, "+", value))
            }
        }
        Form::Drawn { .. } => account.chosen.and_then(|i| account.terms.get(i)).map_or("<mn>0</mn>".to_owned(), value),
        Form::Function(f) => function(*f, &plain(first)),
        Form::Standardised { mean, var, eps, affine, .. } => {
            let even = fraction(&row(&[plain(first), sign("−"), plain(*mean)]), &root(&row(&[plain(*var), sign("+"), wide(*eps)])));
            affine.map_or(even.clone(), |[gain, bias]| row(&[even.clone(), sign("·"), wide(gain), sign("+"), wide(bias)]))
        }
        Form::Share { log } => {
            let own = account.chosen.and_then(|i| account.terms.get(i)).map_or("<mn>0</mn>".to_owned(), value);
            let power = |t: &Term| raised(&letter("e"), &value(t));
            let share = fraction(&raised(&letter("e"), &own), &listed(&inside, "+", power));
            if *log { row(&[letter("ln"), share]) } else { share }
        }
    };
    math(&row(&[left, sign("="), format!("<mn>{}</mn>", number::signed(account.result() as f32))]))
}

/// The numbers that a form brings along, each with its name.
pub fn facts(form: &Form) -> Vec<(String, String)> {
    let named = |name: &str, value: f64| (name.to_owned(), number::signed(value as f32));
    match *form {
        Form::Sum { bias: Some(bias) } => vec![named("bias b", f64::from(bias))],
        Form::Mean { count } => vec![("numbers n".to_owned(), count.to_string())],
        Form::Norm { p } => vec![named("power p", f64::from(p))],
        Form::Drawn { share } => vec![named("drawn", f64::from(share))],
        Form::Function(Function::Leaky { slope }) => vec![named("slope below 0", f64::from(slope))],
        Form::Function(Function::Elu { alpha }) => vec![named("alpha", f64::from(alpha))],
        Form::Standardised { mean, var, eps, affine, over } => {
            let of = over.map_or("running".to_owned(), |n| format!("of {n} numbers"));
            let mut all =
                vec![named(&format!("mean μ ({of})"), mean), named(&format!("variance σ² ({of})"), var), named("ε", f64::from(eps))];
            all.extend(affine.into_iter().flat_map(|[gain, bias]| [named("gain γ", f64::from(gain)), named("bias β", f64::from(bias))]));
            all
        }
        _ => Vec::new(),
    }
}
