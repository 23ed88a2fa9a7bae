//! JSON values in a form that can stand in a link as it is: Rison (Nix, 2007).
//!
//! `(a:1,b:!(2,3),c:!t,d:'two words')` is `{"a":1,"b":[2,3],"c":true,"d":"two words"}`. Every character
//! of a network's text is one that a query may hold, so that a person can read the link.

use serde_json::{Map, Number, Value};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const DEPTH_LIMIT: usize = 16;

/// Where a text is no value, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {}: expected {expected}, found {found}", at + 1)]
pub struct CompactError {
    /// Counted in characters from 0.
    pub at: usize,
    pub expected: &'static str,
    pub found: String,
}

/// The text of `value`; in every object the entry `lead`, where there is one, comes first.
pub fn write(value: &Value, lead: &str) -> String {
    let mut text = String::new();
    put(value, lead, &mut text);
    text
}

fn put(value: &Value, lead: &str, text: &mut String) {
    match value {
        Value::Null => text.push_str("!n"),
        Value::Bool(true) => text.push_str("!t"),
        Value::Bool(false) => text.push_str("!f"),
        // In a query `+` is a space; a number means the same without it.
        Value::Number(n) => text.push_str(&n.to_string().replace('+', "")),
        Value::String(s) => put_string(s, text),
        Value::Array(items) => {
            text.push_str("!(");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                put(item, lead, text);
            }
            text.push(')');
        }
        Value::Object(entries) => {
            text.push('(');
            let (first, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| *key == lead);
            for (i, (key, item)) in first.into_iter().chain(rest).enumerate() {
                if i > 0 {
                    text.push(',');
                }
                put_string(key, text);
                text.push(':');
                put(item, lead, text);
            }
            text.push(')');
        }
    }
}

fn put_string(s: &str, text: &mut String) {
    if s.starts_with(|c: char| c.is_ascii_alphabetic()) && s.chars().all(is_bare) {
        text.push_str(s);
        return;
    }
    text.push('\'');
    for c in s.chars() {
        if matches!(c, '!' | '\'') {
            text.push('!');
        }
        text.push(c);
    }
    text.push('\'');
}

/// May stand in a word or a number without quotes.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The value that the whole of `text` is.
pub fn read(text: &str) -> Result<Value, CompactError> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    let value = reader.value(DEPTH_LIMIT)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.error("the end")),
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, c: char, expected: &'static str) -> Result<(), CompactError> {
        if self.take(c) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn error(&self, expected: &'static str) -> CompactError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        CompactError { at: self.at, expected, found }
    }

    fn value(&mut self, depth: usize) -> Result<Value, CompactError> {
        if depth == 0 {
            return Err(self.error("less nesting"));
        }
        match self.peek() {
            Some('(') => self.object(depth),
            Some('!') => self.marked(depth),
            Some('\'') => Ok(Value::String(self.quoted()?)),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) if is_bare(c) => Ok(Value::String(self.word())),
            _ => Err(self.error("a value")),
        }
    }

    fn marked(&mut self, depth: usize) -> Result<Value, CompactError> {
        self.at += 1;
        let value = match self.peek() {
            Some('t') => Value::Bool(true),
            Some('f') => Value::Bool(false),
            Some('n') => Value::Null,
            Some('(') => return self.array(depth),
            _ => return Err(self.error("`t`, `f`, `n` or `(` after `!`")),
        };
        self.at += 1;
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value, CompactError> {
        self.at += 1;
        let mut items = Vec::new();
        if !self.take(')') {
            loop {
                items.push(self.value(depth - 1)?);
                if self.take(')') {
                    break;
                }
                self.need(',', "`,` or `)`")?;
            }
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, CompactError> {
        self.at += 1;
        let mut entries = Map::new();
        if !self.take(')') {
            loop {
                let key = match self.peek() {
                    Some('\'') => self.quoted()?,
                    Some(c) if is_bare(c) => self.word(),
                    _ => return Err(self.error("a key")),
                };
                self.need(':', "`:`")?;
                let value = self.value(depth - 1)?;
                entries.insert(key, value);
                if self.take(')') {
                    break;
                }
                self.need(',', "`,` or `)`")?;
            }
        }
        Ok(Value::Object(entries))
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(is_bare) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn number(&mut self) -> Result<Value, CompactError> {
        let start = self.at;
        let word = self.word();
        serde_json::from_str::<Number>(&word).map(Value::Number).map_err(|_| {
            self.at = start;
            CompactError { at: start, expected: "a number", found: format!("`{word}`") }
        })
    }

    fn quoted(&mut self) -> Result<String, CompactError> {
        self.at += 1;
        let mut s = String::new();
        loop {
            match self.peek() {
                Some('\'') => {
                    self.at += 1;
                    return Ok(s);
                }
                Some('!') => {
                    self.at += 1;
                    match self.peek() {
                        Some(c @ ('!' | '\'')) => s.push(c),
                        _ => return Err(self.error("`!` or `'` after `!`")),
                    }
                }
                Some(c) => s.push(c),
                None => return Err(self.error("`'` at the end of the text")),
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_layer_reads_well() {
        let layer = json!({"op": "conv2d", "kernel": [3, 5], "bias": true, "p": 0.25});
        let text = write(&layer, "op");
        assert_eq!(text, "(op:conv2d,bias:!t,kernel:!(3,5),p:0.25)");
        assert_eq!(read(&text), Ok(layer));
        // Without the plus that a query would turn into a space.
        assert_eq!(write(&json!(1e27), "op"), "1e27");
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(read("(a:1").unwrap_err().to_string(), "character 5: expected `,` or `)`, found the end");
        assert_eq!(read("!x").unwrap_err().to_string(), "character 2: expected `t`, `f`, `n` or `(` after `!`, found `x`");
        assert_eq!(read("-.5").unwrap_err().to_string(), "character 1: expected a number, found `-.5`");
        assert_eq!(read("1)").unwrap_err().to_string(), "character 2: expected the end, found `)`");
        assert_eq!(read(&"!(".repeat(100_000)).unwrap_err().expected, "less nesting");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            any::<f32>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|e| Value::Object(e.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value in values()) {
            prop_assert_eq!(read(&write(&value, "op")), Ok(value));
        }

        #[test]
        fn no_text_panics(text in "[-0-9a-z!():,'. ]{0,40}|\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
