//! Links that say which digits train and when training ends.

use data::Source;
use protocol::{
    ClassWeights, Precision, RunSpec, Selection, Stopping, TrainSpec,
    link::{decode, encode},
    regime::Word,
};

#[test]
fn what_trains_and_when_it_ends_are_keys_of_their_own() {
    let selection = Selection { subset: 2_000, keep: vec![1.0, 0.1], label_noise: 0.2, balanced: true, ..Selection::default() };
    let stopping = Stopping { patience: 3, min_delta: 0.01, restore_best: true };
    let (class_weights, precision) = (ClassWeights::Balanced, Precision::Full);
    let run = RunSpec { train: TrainSpec { selection, stopping, class_weights, precision, ..TrainSpec::default() }, ..RunSpec::default() };
    let query = encode(&run);
    assert_eq!(
        query,
        "v=1&select=(balanced:!t,keep:!(1.0,0.1),label_noise:0.2,subset:2000)&stop=(min_delta:0.01,patience:3,restore_best:!t)\
         &class_weights=balanced&precision=full"
    );
    assert_eq!(decode(&query), (run, vec![]));
    let (spec, problems) = decode("select=(label_noise:2)&stop=(patience:2)&precision=quarter");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`select` in the link: `label_noise` is 2, but must lie in 0 to 1; the default is used",
            "`precision` in the link: `quarter` is none of auto, half, full; the default is used"
        ]
    );
    assert_eq!((spec.train.selection, spec.train.stopping.patience), (Selection::default(), 2));
}

#[test]
fn sources_travel_by_link_and_go_with_their_settings() {
    for (source, word) in <Source as Word>::ALL {
        let train = TrainSpec { data: *source, ..TrainSpec::default() };
        let run = RunSpec { train, ..RunSpec::default() };
        let text = encode(&run);
        assert_eq!(text.contains(&format!("data={word}")), *source != Source::Digits, "{text}");
        assert_eq!(decode(&text), (run.clone(), vec![]));
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<RunSpec>(&json).unwrap(), run);
    }
    // Files of earlier versions say nothing of it.
    let json = serde_json::to_string(&TrainSpec::default()).unwrap();
    assert!(!json.contains("\"data\""), "{json}");
    let mut run = RunSpec::default();
    run.train.data = Source::DigitsAndOwn;
    run.train.selection.repeat = 20;
    assert_eq!(decode(&encode(&run)), (run.clone(), vec![]));
    run.train.data = Source::Shapes;
    let (mended, problems) = decode(&encode(&run));
    assert_eq!(mended.train.selection, Selection::default());
    assert_eq!(problems[0].to_string(), "`select` in the link: `repeat` is 20, but must lie in 1 to 1; the default is used");
    let (run, problems) = decode("v=1&data=cats");
    assert_eq!(run, RunSpec::default());
    assert!(problems[0].to_string().contains("digits, shapes, own, digits_and_own"), "{}", problems[0]);
}
