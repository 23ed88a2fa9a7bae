//! A folder's results, suite by suite.

use std::{fmt, path::Path};

use serde::Serialize;

use crate::{
    backend::Backend,
    compare::Deviation,
    file::{self, FileError, Listed, Suite},
    suites,
};

/// What a folder gave. As JSON its fields are these names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    pub passed: usize,
    pub failed: usize,
    pub suites: Vec<SuiteReport>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SuiteReport {
    pub suite: String,
    pub passed: usize,
    /// Cases that were too far off or could not be run; a file that cannot be read counts as one.
    pub failed: usize,
    /// The number farthest off among the cases that ran.
    pub worst: Option<Worst>,
    pub failures: Vec<Failure>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    pub case: String,
    /// Which of its results.
    pub result: String,
    /// Distance as a multiple of what is allowed: up to 1 passes. `null` in JSON where it is infinite.
    pub tolerances: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The case, or the file where that cannot be read.
    pub case: String,
    pub op: Option<String>,
    pub reason: String,
}

impl Report {
    pub fn is_passed(&self) -> bool {
        self.failed == 0
    }
}

/// Runs every suite of `folder`, or one alone.
///
/// # Errors
/// A folder without suites, or without the one asked for. What is wrong with a file or a case is a
/// failure in the report.
pub async fn run(folder: &Path, only: Option<&str>, on: &Backend) -> Result<Report, FileError> {
    let mut names = file::suites(folder)?;
    if let Some(only) = only {
        if !names.iter().any(|name| name == only) {
            return Err(FileError::NoSuite { path: folder.to_owned(), name: only.to_owned(), known: names.join(", ") });
        }
        names.retain(|name| name == only);
    }
    let mut report = Report { backend: on.name(), passed: 0, failed: 0, suites: Vec::new() };
    for name in names {
        let suite = match Suite::open(folder, &name) {
            Ok(suite) => judge(&suite, on).await,
            Err(error) => SuiteReport {
                failed: 1,
                failures: vec![Failure { case: name.clone(), op: None, reason: error.to_string() }],
                suite: name,
                ..SuiteReport::default()
            },
        };
        report.passed += suite.passed;
        report.failed += suite.failed;
        report.suites.push(suite);
    }
    Ok(report)
}

/// Runs every case of a suite.
pub async fn judge(suite: &Suite, on: &Backend) -> SuiteReport {
    let mut report = SuiteReport { suite: suite.name.clone(), ..SuiteReport::default() };
    for Listed { name, op, case } in &suite.cases {
        let (op, reason) = match case {
            Err(error) => (op.clone(), Some(error.to_string())),
            Ok(case) => (
                case.kind(),
                match suites::check(&suite.name, case, on).await {
                    Err(error) => Some(error.to_string()),
                    Ok(found) => {
                        let too_far = (found.tolerances > 1.0).then(|| format!("too far off: {found}"));
                        report.note(name, found);
                        too_far
                    }
                },
            ),
        };
        match reason {
            None => report.passed += 1,
            Some(reason) => {
                report.failed += 1;
                report.failures.push(Failure { case: name.clone(), op: Some(op), reason });
            }
        }
    }
    report
}

impl SuiteReport {
    fn note(&mut self, case: &str, found: Deviation) {
        if self.worst.as_ref().is_none_or(|worst| found.tolerances > worst.tolerances) {
            self.worst = Some(Worst { case: case.to_owned(), result: found.what, tolerances: found.tolerances });
        }
    }
}

impl fmt::Display for Report {
    /// A line for each suite, one for each failure, and the sum.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.suites.iter().map(|s| s.suite.len()).max().unwrap_or(0).max("suite".len());
        writeln!(f, "{:width$}  passed  failed  worst error, by what is allowed", "suite")?;
        for SuiteReport { suite, passed, failed, worst, .. } in &self.suites {
            write!(f, "{suite:width$}  {passed:6}  {failed:6}")?;
            match worst {
                Some(Worst { case, result, tolerances }) => writeln!(f, "  {tolerances:.4} ({case}: {result})")?,
                None => writeln!(f, "  –")?,
            }
        }
        for Failure { case, op, reason } in self.suites.iter().flat_map(|s| &s.failures) {
            let op = op.as_ref().map(|op| format!(" ({op})")).unwrap_or_default();
            writeln!(f, "FAILED {case}{op}: {reason}")?;
        }
        writeln!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
