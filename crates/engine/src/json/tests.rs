//! The derived readers against serde's, of the same types written twice.

use std::{fmt::Debug, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Read;

/// The same items twice: with serde's reader, and with ours.
macro_rules! twice {
    ($($item:item)+) => {
        mod serdes {
            use super::*;
            $(#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] $item)+
        }
        mod ours {
            use super::*;
            $(#[derive(Clone, Debug, PartialEq, Serialize, Read)] $item)+
        }
    };
}

twice! {
    #[serde(deny_unknown_fields)]
    pub struct Strict {
        pub count: u32,
        pub rate: f32,
        pub name: String,
        pub at: Option<[u8; 2]>,
    }

    #[serde(default, deny_unknown_fields)]
    pub struct Lenient {
        pub sure: bool,
        pub steps: Vec<usize>,
        pub strict: Option<Strict>,
    }

    pub struct Open {
        pub range: Range<usize>,
        #[serde(default)]
        pub pairs: Vec<(i64, f64)>,
    }

    #[serde(transparent)]
    pub struct Number {
        pub of: f64,
    }

    pub struct Id(pub u32);

    #[serde(rename_all = "snake_case")]
    pub enum Word {
        Plain,
        HasId(Id),
        HasMore { first: u32, second: Option<Id> },
        Boxed(Box<Lenient>),
    }

    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum Tagged {
        Now,
        GoTo { step: u32 },
        Set(Lenient),
    }

    #[serde(deny_unknown_fields)]
    pub struct Empty {}
}

impl Default for serdes::Lenient {
    fn default() -> Self {
        Self { sure: true, steps: vec![3], strict: None }
    }
}

impl Default for ours::Lenient {
    fn default() -> Self {
        Self { sure: true, steps: vec![3], strict: None }
    }
}

fn both<T: for<'de> Deserialize<'de> + Serialize, U: Read + for<'de> Deserialize<'de> + Serialize + Debug>(cases: &[Value]) {
    for case in cases {
        let told = |result: Result<String, serde_json::Error>| result.map_err(|e| e.to_string());
        let expected = told(serde_json::from_value::<T>(case.clone()).and_then(|t| serde_json::to_string(&t)));
        let got = told(U::read(case.clone()).and_then(|t| serde_json::to_string(&t)));
        match (&expected, &got) {
            // The words for a list or a variant of the wrong kind differ in details.
            (Err(_), Err(_)) => {}
            _ => assert_eq!(expected, got, "{case}"),
        }
        // By way of serde it is the same reader.
        assert_eq!(got.is_ok(), serde_json::from_str::<U>(&case.to_string()).is_ok(), "{case}");
    }
}

#[test]
fn structs_are_read_as_serde_reads_them() {
    both::<serdes::Strict, ours::Strict>(&[
        json!({"count": 3, "rate": 0.1, "name": "a", "at": [1, 2]}),
        json!({"count": 3, "rate": 1, "name": "a"}),
        json!({"count": 3, "rate": 1, "name": "a", "at": null}),
        json!({"count": 3, "rate": 1}),
        json!({"count": -3, "rate": 1, "name": "a"}),
        json!({"count": 3, "rate": "1", "name": "a"}),
        json!({"count": 3, "rate": 1, "name": "a", "at": [1]}),
        json!({"count": 3, "rate": 1, "name": "a", "more": 1}),
        json!("count"),
        json!(null),
    ]);
    both::<serdes::Lenient, ours::Lenient>(&[
        json!({}),
        json!({"sure": false}),
        json!({"steps": []}),
        json!({"steps": [1, 2.5]}),
        json!({"steps": null}),
        json!({"strict": {"count": 3, "rate": 0.25, "name": ""}}),
        json!({"strict": {}}),
        json!({"sur": false}),
    ]);
    both::<serdes::Open, ours::Open>(&[
        json!({"range": {"start": 1, "end": 4}, "more": 3}),
        json!({"range": {"start": 1, "end": 4}, "pairs": [[-1, 0.5], [2, 3]]}),
        json!({"range": {"start": 1, "end": 4}, "pairs": [[1]]}),
        json!({"range": {"start": 1}}),
    ]);
    both::<serdes::Number, ours::Number>(&[json!(2.5), json!(2), json!({"of": 2}), json!("2")]);
    both::<serdes::Id, ours::Id>(&[json!(2), json!(-2), json!(5_000_000_000u64), json!(2.5)]);
    both::<serdes::Empty, ours::Empty>(&[json!({}), json!({"a": 1}), json!(0)]);
}

#[test]
fn enums_are_read_as_serde_reads_them() {
    both::<serdes::Word, ours::Word>(&[
        json!("plain"),
        json!({"plain": null}),
        json!({"plain": 3}),
        json!("Plain"),
        json!("has_id"),
        json!({"has_id": 3}),
        json!({"has_id": 3, "plain": null}),
        json!({}),
        json!({"has_more": {"first": 1}}),
        json!({"has_more": {"first": 1, "second": 2, "third": 3}}),
        json!({"has_more": {"second": 2}}),
        json!({"boxed": {"sure": false}}),
        json!({"boxed": {"sur": false}}),
        json!(3),
    ]);
    both::<serdes::Tagged, ours::Tagged>(&[
        json!({"kind": "now"}),
        json!({"kind": "now", "step": 3}),
        json!({"kind": "go_to", "step": 3}),
        json!({"kind": "go_to"}),
        json!({"kind": "set", "sure": false}),
        json!({"kind": "set", "sur": false}),
        json!({"kind": "gone"}),
        json!({"kind": 3}),
        json!({"step": 3}),
        json!("now"),
    ]);
}

#[test]
fn what_is_wrong_is_said_in_serdes_words() {
    let said = |value: Value| ours::Strict::read(value).unwrap_err().to_string();
    let words = |value: Value| serde_json::from_value::<serdes::Strict>(value).unwrap_err().to_string();
    for case in [
        json!({"rate": 1, "name": "a"}),
        json!({"count": 3, "rate": 1, "name": "a", "more": 1}),
        json!({"count": "three", "rate": 1, "name": "a"}),
        json!({"count": 3.5, "rate": 1, "name": "a"}),
        json!("count"),
        json!(4),
        json!(null),
    ] {
        assert_eq!(said(case.clone()), words(case));
    }
    let said = |value: Value| ours::Word::read(value).unwrap_err().to_string();
    let words = |value: Value| serde_json::from_value::<serdes::Word>(value).unwrap_err().to_string();
    for case in [json!("gone"), json!({"gone": 3}), json!(3), json!({"has_more": {"second": 2}}), json!({"has_more": 1})] {
        assert_eq!(said(case.clone()), words(case));
    }
}
