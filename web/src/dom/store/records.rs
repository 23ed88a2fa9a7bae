//! Records of runs of all versions, brought up to date.

/// Of the records that are written now. 1 had no number of its own; 2 had a run's weights in its record.
pub const VERSION: f64 = 3.0;
/// The first whose records of a run hold no weights.
const APART: f64 = 3.0;

/// A run as it was when it was last saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    /// When, by the clock.
    pub saved: f64,
    /// The link that opens a run of the same set-up.
    pub link: String,
    pub step: u32,
    pub epoch: f64,
    /// Tells this run from others of the same set-up: when it began, by the clock.
    pub born: f64,
    /// Whether it was training at the time.
    pub playing: bool,
    /// A checkpoint; empty until it is read.
    pub file: Vec<u8>,
}

/// What lies in a record, as far as it is what it should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRun {
    pub version: Option<f64>,
    pub saved: Option<f64>,
    pub link: Option<String>,
    pub step: Option<f64>,
    pub epoch: Option<f64>,
    pub born: Option<f64>,
    pub playing: Option<bool>,
    pub file: Option<Vec<u8>>,
}

impl RawRun {
    /// # Errors
    /// Why it cannot be used, in words.
    pub fn migrated(self) -> Result<SavedRun, String> {
        match self.version {
            // The first versions knew neither of clocks nor of pauses.
            None => {}
            Some(version) if (2.0..=VERSION).contains(&version) => {}
            Some(version) => {
                return Err(format!("it was written by another version of this page ({version}; this one reads up to {VERSION})"));
            }
        }
        let link = self.link.ok_or("it does not say which run it is of")?;
        let apart = self.version.is_some_and(|version| version >= APART);
        let file = self.file.filter(|file| !file.is_empty()).or_else(|| apart.then(Vec::new)).ok_or("it holds no weights")?;
        let step = self.step.filter(|step| (0.0..=f64::from(u32::MAX)).contains(step)).ok_or("it does not say how far the run had come")?;
        Ok(SavedRun {
            saved: self.saved.unwrap_or(0.0),
            link,
            step: step as u32,
            epoch: self.epoch.unwrap_or(0.0),
            born: self.born.unwrap_or(0.0),
            playing: self.playing.unwrap_or(true),
            file,
        })
    }
}

/// Which of the places to go on at, in the order in which to try them: the tab's own alone where it has one; else those
/// with a run that is wanted, the newest first.
pub fn to_resume(own: Option<usize>, runs: &[Option<SavedRun>], wanted: impl Fn(&SavedRun) -> bool) -> Vec<usize> {
    let fits = |place: &usize| runs.get(*place).and_then(Option::as_ref).is_some_and(&wanted);
    if let Some(own) = own.filter(|own| runs.get(*own).is_some_and(Option::is_some)) {
        return Some(own).filter(fits).into_iter().collect();
    }
    let mut places: Vec<usize> = (0..runs.len()).filter(fits).collect();
    engine::order::sort_by(&mut places, |a, b| saved(runs, *b).total_cmp(&saved(runs, *a)));
    places
}

/// Where a new run goes, in the order in which to try: empty places, then that of the oldest run.
pub fn to_fill(runs: &[Option<SavedRun>]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..runs.len()).collect();
    engine::order::sort_by(&mut places, |a, b| saved(runs, *a).total_cmp(&saved(runs, *b)));
    places
}

fn saved(runs: &[Option<SavedRun>], place: usize) -> f64 {
    runs[place].as_ref().map_or(-1.0, |run| run.saved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawRun {
        RawRun { link: Some("v=1".to_owned()), step: Some(40.0), file: Some(vec![1, 2]), ..RawRun::default() }
    }

    fn run(link: &str, saved: f64) -> Option<SavedRun> {
        Some(SavedRun { link: link.to_owned(), saved, ..raw().migrated().unwrap() })
    }

    #[test]
    fn records_of_the_first_version_are_read() {
        let run = raw().migrated().unwrap();
        assert_eq!((run.link.as_str(), run.step, run.playing, run.born, run.file), ("v=1", 40, true, 0.0, vec![1, 2]));
        let new = RawRun { version: Some(VERSION), saved: Some(7.0), playing: Some(false), ..raw() }.migrated().unwrap();
        assert_eq!((new.saved, new.playing), (7.0, false));
        let second = RawRun { version: Some(2.0), ..raw() }.migrated().unwrap();
        assert_eq!(second.file, [1, 2]);
        assert_eq!(RawRun { version: Some(3.0), file: None, ..raw() }.migrated().unwrap().file, [0_u8; 0]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let told = |raw: RawRun| raw.migrated().unwrap_err();
        assert!(told(RawRun { version: Some(9.0), ..raw() }).contains("another version of this page (9; this one reads up to 3)"));
        assert!(told(RawRun { file: None, ..raw() }).contains("no weights"));
        assert!(told(RawRun { file: Some(Vec::new()), ..raw() }).contains("no weights"));
        assert!(told(RawRun { link: None, ..raw() }).contains("which run"));
        assert!(told(RawRun { step: Some(f64::NAN), ..raw() }).contains("how far"));
    }

    #[test]
    fn a_tab_goes_on_with_its_own_run_or_the_newest() {
        let runs = [run("a", 5.0), None, run("b", 9.0), run("a", 7.0)];
        let any = |_: &SavedRun| true;
        assert_eq!(to_resume(None, &runs, any), [2, 3, 0]);
        assert_eq!(to_resume(Some(0), &runs, any), [0]);
        assert_eq!(to_resume(Some(0), &runs, |r| r.link == "b"), [0_usize; 0]);
        assert_eq!(to_resume(Some(1), &runs, any), [2, 3, 0], "its place is empty");
        assert_eq!(to_resume(None, &runs, |r| r.link == "a"), [3, 0]);
        assert_eq!(to_fill(&runs), [1, 0, 3, 2]);
    }
}
