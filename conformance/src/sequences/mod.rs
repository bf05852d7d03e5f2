//! The sequences: what operations alone do not show.

mod acl;
mod build;
mod corners;
mod decryption;
mod handles;
mod hcu;
mod inputs;
mod randomness;
mod reverts;
mod transient;

use crate::{
    SCHEMA,
    sequence::{Sequence, SequenceFile},
};

/// A subject and what generates its sequences.
type Subject = (&'static str, fn() -> Vec<Sequence>);

const SUBJECTS: [Subject; 9] = [
    ("acl", acl::sequences),
    ("transient", transient::sequences),
    ("reverts", reverts::sequences),
    ("hcu", hcu::sequences),
    ("handles", handles::sequences),
    ("inputs", inputs::sequences),
    ("decryption", decryption::sequences),
    ("randomness", randomness::sequences),
    ("corners", corners::sequences),
];

/// One file for each subject.
pub fn generate() -> Vec<SequenceFile> {
    let file = |(subject, sequences): &Subject| SequenceFile {
        schema: SCHEMA.to_owned(),
        subject: (*subject).to_owned(),
        sequences: sequences()
            .into_iter()
            .map(|sequence| Sequence { id: format!("{subject}/{}", sequence.id), ..sequence })
            .collect(),
    };
    SUBJECTS.iter().map(file).collect()
}
