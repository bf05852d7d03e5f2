//! Applications on encrypted data, each as a contract to start from and a program that uses it:
//! `cargo xtask examples` runs them all.
//!
//! Every value that is secret is encrypted by the account that knows it, and on real FHE comes with
//! its zero-knowledge proof. Every result is decrypted by the KMS, which asks the chain who may
//! know it. Then it is compared with the same computation on plain integers.
//!
//! | module | contract | |
//! |---|---|---|
//! | [`token`] | `PrivateToken` | balances and amounts that only their accounts know |
//! | [`vote`] | `PrivateVote` | a vote whose count is all that becomes known |
//! | [`consensus`] | `FheConsensus` | majority, mean, ranking and median of validators' secret votes |
//! | [`diagnosis`] | `Diagnosis` | a hospital's secret model on a patient's secret data |
//! | [`inference`] | `BreastCancer`, `Iris` | classifiers trained with scikit-learn, on secret features |
//! | [`auction`] | `SealedAuction` | only the winner's bid is revealed |
//! | [`strategy`] | `PrivateStrategy` | a standing order whose terms nobody sees |
//! | [`batch`] | `NetBatch` | orders of which only the net is opened |
//! | [`picture`] | `ImageFilter` | filters on a picture that only its owner sees |

mod application;
mod artifact;
pub mod auction;
pub mod batch;
mod catalogue;
pub mod consensus;
pub mod diagnosis;
pub mod inference;
pub mod picture;
mod stage;
pub mod strategy;
pub mod token;
mod user;
pub mod vote;

pub use application::{Application, Performance, Row, table};
pub use catalogue::{Extent, catalogue};
pub use stage::{Backend, Costs, Opened, Stage, returned};
pub use user::User;
