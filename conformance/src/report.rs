//! What came of a run: for people, for programs, and for CI.

use std::{collections::BTreeMap, fmt::Write as _};

use ciphervm_fhe::FheType;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    SCHEMA,
    run::{Choice, Verdict},
};

/// The chain that was asked.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// Where.
    pub rpc: String,
    /// Its id.
    pub chain_id: u64,
    /// What it says that it is.
    pub client: String,
    /// What it computes on, if it says so.
    pub evaluator: Option<String>,
}

/// One vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// Its operation, or the subject of its sequence.
    pub subject: String,
    /// The type of its operands, or `sequence`.
    pub ty: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// How many came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// As they must.
    pub passed: u64,
    /// Otherwise.
    pub failed: u64,
    /// Not at all.
    pub skipped: u64,
}

impl Counts {
    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::Skipped(_) => self.skipped += 1,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Where.
    pub chain: Chain,
    choice: Choice,
    cases: Vec<Case>,
    /// Why it ended before all vectors had been run, if it did.
    pub broken_off: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

impl Report {
    pub(crate) fn new(chain: Chain, choice: Choice) -> Self {
        Self { chain, choice, ..Self::default() }
    }

    pub(crate) fn add(&mut self, case: Case) {
        self.cases.push(case);
    }

    /// Every vector that was run.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// All of them.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.cases.iter().for_each(|case| counts.count(&case.verdict));
        counts
    }

    /// Why it does not show that the chain does what it must: a vector failed, none was run, or the
    /// run ended early.
    pub fn fault(&self) -> Option<String> {
        let Counts { passed, failed, skipped } = self.counts();
        match &self.broken_off {
            Some(reason) => Some(format!("the run was broken off: {reason}")),
            None if failed > 0 => Some(format!("{failed} vectors failed")),
            None if passed == 0 => Some(format!("none was run: {skipped} were left out")),
            None => None,
        }
    }

    /// By subject, and by type in it.
    fn rows(&self) -> BTreeMap<&str, BTreeMap<&str, Counts>> {
        let mut rows: BTreeMap<&str, BTreeMap<&str, Counts>> = BTreeMap::new();
        for case in &self.cases {
            rows.entry(&case.subject)
                .or_default()
                .entry(&case.ty)
                .or_default()
                .count(&case.verdict);
        }
        rows
    }

    /// A row for each operation and subject, a column for each type: how many passed, of how many
    /// if not all.
    pub fn table(&self) -> Table {
        let types: Vec<String> = FheType::ALL.iter().map(FheType::to_string).collect();
        let others = ["none", "sequence"].map(str::to_owned);
        let columns: Vec<&String> = types.iter().chain(&others).collect();
        let mut table = Table::new();
        let header = ["", "all"].map(str::to_owned).into_iter();
        let header = header.chain(columns.iter().map(|column| (*column).clone()));
        table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
        let show = |counts: Option<&Counts>| match counts {
            None => String::new(),
            Some(Counts { passed, failed: 0, skipped: 0 }) => passed.to_string(),
            Some(Counts { passed, failed: 0, skipped }) => format!("{passed}, {skipped} left out"),
            Some(Counts { passed, failed, skipped }) => {
                format!("{passed} of {}", passed + failed + skipped)
            }
        };
        for (subject, by_type) in self.rows() {
            let mut all = Counts::default();
            for counts in by_type.values() {
                all.passed += counts.passed;
                all.failed += counts.failed;
                all.skipped += counts.skipped;
            }
            let cells = columns.iter().map(|ty| show(by_type.get(ty.as_str())));
            table.add_row([subject.to_owned(), show(Some(&all))].into_iter().chain(cells));
        }
        table
    }

    /// The failures, each with its reason.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases.iter().filter_map(|case| match &case.verdict {
            Verdict::Failed(reason) => Some((case.id.as_str(), reason.as_str())),
            _ => None,
        })
    }

    /// As JSON: the counts, and what failed or was left out.
    pub fn json(&self) -> Value {
        let list = |wanted: fn(&Verdict) -> Option<&String>| -> Vec<Value> {
            let found =
                self.cases.iter().filter_map(|case| Some((&case.id, wanted(&case.verdict)?)));
            found.map(|(id, reason)| json!({ "id": id, "reason": reason })).collect()
        };
        json!({
            "schema": SCHEMA,
            "program": concat!("ciphervm ", env!("CARGO_PKG_VERSION")),
            "chain": self.chain,
            "choice": self.choice,
            "brokenOff": self.broken_off,
            "seconds": self.seconds,
            "counts": self.counts(),
            "rows": self.rows(),
            "failed": list(|verdict| match verdict {
                Verdict::Failed(reason) => Some(reason),
                _ => None,
            }),
            "skipped": list(|verdict| match verdict {
                Verdict::Skipped(reason) => Some(reason),
                _ => None,
            }),
        })
    }

    /// As JUnit's XML, a suite for each subject.
    pub fn junit(&self) -> String {
        let Counts { failed, skipped, .. } = self.counts();
        let broken_off = self.broken_off.as_deref().map(escape);
        let (failed, tests) = match &broken_off {
            None => (failed, self.cases.len()),
            Some(_) => (failed + 1, self.cases.len() + 1),
        };
        let seconds = self.seconds;
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a string does not fail.
        let _ = writeln!(
            xml,
            "<testsuites name=\"ciphervm conformance\" tests=\"{tests}\" failures=\"{failed}\" \
             skipped=\"{skipped}\" time=\"{seconds:.3}\">"
        );
        for (subject, by_type) in self.rows() {
            let total = |of: fn(&Counts) -> u64| by_type.values().map(of).sum::<u64>();
            let (failed, skipped) = (total(|c| c.failed), total(|c| c.skipped));
            let tests = total(|c| c.passed) + failed + skipped;
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failed}\" \
                 skipped=\"{skipped}\">",
                escape(subject)
            );
            for case in self.cases.iter().filter(|case| case.subject == subject) {
                let name = escape(&case.id);
                let class = escape(&case.ty);
                let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\"");
                let _ = match &case.verdict {
                    Verdict::Passed => writeln!(xml, "/>"),
                    Verdict::Failed(reason) => {
                        let reason = escape(reason);
                        writeln!(xml, "><failure message=\"{reason}\"/></testcase>")
                    }
                    Verdict::Skipped(reason) => {
                        let reason = escape(reason);
                        writeln!(xml, "><skipped message=\"{reason}\"/></testcase>")
                    }
                };
            }
            xml.push_str("  </testsuite>\n");
        }
        if let Some(reason) = broken_off {
            let _ = writeln!(
                xml,
                "  <testsuite name=\"run\" tests=\"1\" failures=\"1\">\n    <testcase \
                 classname=\"run\" name=\"every vector is run\"><failure \
                 message=\"{reason}\"/></testcase>\n  </testsuite>"
            );
        }
        xml.push_str("</testsuites>\n");
        xml
    }
}

/// A text in an attribute of XML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            // No XML has these, not even escaped.
            control if control.is_control() => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new(Chain::default(), Choice::default());
        let mut add = |id: &str, ty: &str, verdict| {
            let subject = id.split('/').next().unwrap().to_owned();
            report.add(Case { id: id.to_owned(), subject, ty: ty.to_owned(), verdict });
        };
        add("fheAdd/euint8,euint8/0", "euint8", Verdict::Passed);
        add("fheAdd/euint8,euint8/1", "euint8", Verdict::Failed("3 < \"4\"\n& more".to_owned()));
        add("fheAdd/euint16,clear/0", "euint16", Verdict::Passed);
        add("acl/a", "sequence", Verdict::Skipped("no owner".to_owned()));
        report
    }

    #[test]
    fn failures_are_counted_and_named() {
        let report = report();
        assert_eq!(report.counts(), Counts { passed: 2, failed: 1, skipped: 1 });
        assert_eq!(report.fault().unwrap(), "1 vectors failed");
        let failures: Vec<_> = report.failures().map(|(id, _)| id).collect();
        assert_eq!(failures, ["fheAdd/euint8,euint8/1"]);
        let json = report.json();
        assert_eq!(json["counts"], json!({ "passed": 2, "failed": 1, "skipped": 1 }));
        assert_eq!(json["rows"]["fheAdd"]["euint8"]["failed"], 1);
        assert_eq!(json["skipped"][0]["id"], "acl/a");
        let table = report.table().to_string();
        assert!(table.contains("1 of 2") && table.contains("1 left out"), "{table}");
    }

    #[test]
    fn a_run_without_a_vector_or_without_its_end_is_no_success() {
        let mut report = report();
        report.cases.retain(|case| !matches!(case.verdict, Verdict::Failed(_)));
        assert_eq!(report.fault(), None);
        report.broken_off = Some("no answer".to_owned());
        assert_eq!(report.fault().unwrap(), "the run was broken off: no answer");
        assert_eq!(report.json()["brokenOff"], "no answer");
        let xml = report.junit();
        assert!(xml.contains("tests=\"4\" failures=\"1\" skipped=\"1\""), "{xml}");
        assert!(xml.contains("<failure message=\"no answer\"/>"), "{xml}");
        report.broken_off = None;
        report.cases.retain(|case| matches!(case.verdict, Verdict::Skipped(_)));
        assert_eq!(report.fault().unwrap(), "none was run: 1 were left out");
    }

    #[test]
    fn junit_has_every_case_and_no_broken_text() {
        let xml = report().junit();
        assert!(xml.contains("tests=\"4\" failures=\"1\" skipped=\"1\""), "{xml}");
        assert!(xml.contains("message=\"3 &lt; &quot;4&quot;&#10;&amp; more\""), "{xml}");
        assert_eq!(xml.matches("<testcase ").count(), 4);
        assert_eq!(xml.matches("<testsuite ").count(), 2);
    }
}
