//! Numbers in columns.

use data::Source;
use figures::Confusion;
use protocol::Quality;

/// Precision, recall, F1 and area under the ROC curve of every class, then who was taken for whom.
pub fn report(confusion: &Confusion, quality: Option<&Quality>, source: Source) -> String {
    let names = source.class_names().unwrap_or(&data::DIGIT_NAMES);
    let name = |class: usize| names.get(class).map_or_else(|| class.to_string(), ToString::to_string);
    let percent = |share: Option<f64>| share.map_or_else(|| String::from("–"), |s| format!("{:.2} %", 100.0 * s));
    let area = |class: usize| quality.and_then(|q| q.roc_auc.get(class).copied().flatten());
    let mut classes = vec![[source.noun(), "precision", "recall", "F1", "ROC AUC", "count"].map(str::to_owned).to_vec()];
    for class in 0..confusion.classes() {
        classes.push(vec![
            name(class),
            percent(confusion.precision(class)),
            percent(confusion.recall(class)),
            percent(confusion.f1(class)),
            area(class).map_or_else(|| String::from("–"), |a| format!("{a:.5}")),
            confusion.support(class).to_string(),
        ]);
    }
    let mut counts = vec![std::iter::once(String::from("read as")).chain((0..confusion.classes()).map(name)).collect()];
    for truth in 0..confusion.classes() {
        let cell = |answer: usize| match confusion.count(truth, answer) {
            0 => String::from("·"),
            count => count.to_string(),
        };
        counts.push(std::iter::once(name(truth)).chain((0..confusion.classes()).map(cell)).collect());
    }
    format!("{}\n{}", aligned(&classes), aligned(&counts))
}

/// Columns set flush right, two spaces apart; a rule under the first row.
pub fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        if i == 0 {
            text.push_str(&widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("──"));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["net".to_owned(), "%".to_owned()], vec!["n1".to_owned(), "12.5".to_owned()]];
        assert_eq!(aligned(&rows), "net     %\n─────────\n n1  12.5\n");
    }

    #[test]
    fn a_class_that_was_never_seen_has_no_share() {
        let quality = Quality { top_2: 1.0, top_3: 1.0, ece: 0.0, brier: 0.0, roc_auc: vec![Some(0.75), None] };
        let text = report(&Confusion::new(2, vec![3, 1, 0, 0]).unwrap(), Some(&quality), Source::Digits);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["0", "100.00", "%", "75.00", "%", "85.71", "%", "0.75000", "4"]);
        assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["1", "0.00", "%", "–", "–", "–", "0"]);
        assert_eq!(lines.last().unwrap().split_whitespace().collect::<Vec<_>>(), ["1", "·", "·"]);
    }
}
