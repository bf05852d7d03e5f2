//! The applications: equal to plaintext, and closed to whoever has no right.

mod consensus;
mod random;
mod real;
mod rights;

use applications::{Backend, Extent, Stage, catalogue, inference::Model, returned};
use ciphervm::{Outcome, Receipt};
use ciphervm_kms::error::Refusal;

/// A chain on plaintexts.
fn stage() -> Stage {
    Stage::new(&Backend::reference().unwrap()).unwrap()
}

/// That the KMS refused, and nothing else went wrong.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: anyhow::Result<T>) {
    let error = outcome.expect_err("the KMS refuses");
    assert!(error.is::<Refusal>(), "{error:#}");
}

#[track_caller]
fn assert_reverts(receipt: &Receipt) {
    assert!(matches!(receipt.outcome, Outcome::Revert(_)), "{receipt:?}");
}

#[track_caller]
fn assert_succeeds<C: alloy_sol_types::SolCall>(receipt: &Receipt, _: &C) {
    returned::<C>(receipt).unwrap();
}

#[test]
fn all_applications_equal_plaintext_over_whole_test_sets() {
    let folder = tempfile::tempdir().unwrap();
    let backend = Backend::reference().unwrap();
    let mut pictures = 0;
    for application in catalogue(Extent::Whole).unwrap() {
        let row = application.perform(&backend, folder.path()).unwrap();
        assert!(row.equal, "{row:?}");
        assert!(row.costs.hcu > 0, "{row:?}");
        if let Some(path) = row.artifact {
            let file = std::fs::File::open(path).unwrap();
            let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            // Three panels, of which the second was encrypted and the third was not.
            let panel = 16 * 12;
            assert_eq!((info.width, info.height), (3 * panel + 12, panel));
            for line in pixels.chunks_exact(info.width as usize) {
                let start = |index: usize| index * (panel as usize + 6);
                let part = |index: usize| &line[start(index)..][..panel as usize];
                assert_eq!(part(1), part(2));
            }
            pictures += 1;
        }
    }
    assert_eq!(pictures, 3);
}

#[test]
fn a_models_accuracy_is_that_of_its_predictions() {
    for model in Model::all().unwrap() {
        let test = &model.test;
        let right = test.predictions.iter().zip(&test.labels).filter(|(a, b)| a == b).count();
        let accuracy = right as f64 / test.labels.len() as f64;
        assert!((accuracy - model.accuracy.quantised).abs() < 1e-4, "{}", model.contract);
        assert_eq!(test.inputs.len(), test.predictions.len());
        let largest = test.inputs.iter().flatten().max().unwrap();
        assert!(*largest <= model.feature_max);
    }
}
