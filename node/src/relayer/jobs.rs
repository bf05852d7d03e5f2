//! Jobs: what takes longer than a request, bounded in number, age and size.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::{Notify, Semaphore},
    task::spawn_blocking,
    time::timeout,
};
use uuid::Uuid;

use super::error::ApiError;

/// What may be there at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs, those that are done and not yet forgotten included.
    pub jobs: usize,
    /// How long the result of a job is kept.
    pub age: Duration,
    /// Bytes of results, all together. The oldest are forgotten first.
    pub bytes: usize,
    /// Proofs that are checked at a time.
    pub proofs: usize,
    /// Decryptions that run at a time. Most wait for evaluation.
    pub decryptions: usize,
    /// How long an answer may wait for its job before it says that there is nothing yet.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jobs: 1_024,
            age: Duration::from_secs(10 * 60),
            bytes: 64 << 20,
            // One uses all threads that there are for proofs; the other reads its input meanwhile.
            proofs: 2,
            decryptions: 32,
            wait: Duration::from_secs(5),
        }
    }
}

/// What kind of work a job is. A job is found among those of its kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    InputProof,
    PublicDecrypt,
    UserDecrypt,
    DelegatedUserDecrypt,
}

type Outcome = Result<Value, ApiError>;

struct Job {
    kind: Kind,
    /// When it is forgotten, once it is done.
    outcome: Option<(Outcome, Instant)>,
    bytes: usize,
    done: Arc<Notify>,
}

/// The jobs.
pub(super) struct Jobs {
    limits: Limits,
    jobs: Mutex<BTreeMap<Uuid, Job>>,
    proofs: Arc<Semaphore>,
    decryptions: Arc<Semaphore>,
}

impl Jobs {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            jobs: Mutex::default(),
            proofs: Arc::new(Semaphore::new(limits.proofs)),
            decryptions: Arc::new(Semaphore::new(limits.decryptions)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a job, which waits for its turn.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn start(
        self: &Arc<Self>,
        kind: Kind,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Result<Uuid, ApiError> {
        let id = Uuid::new_v4();
        let done = Arc::new(Notify::new());
        {
            let mut jobs = self.lock();
            let now = Instant::now();
            jobs.retain(|_, job| job.outcome.as_ref().is_none_or(|(_, end)| *end > now));
            if jobs.len() >= self.limits.jobs {
                return Err(ApiError::overload(self.limits.jobs));
            }
            jobs.insert(id, Job { kind, outcome: None, bytes: 0, done: Arc::clone(&done) });
        }
        let turns = match kind {
            Kind::InputProof => &self.proofs,
            _ => &self.decryptions,
        };
        let (turns, jobs) = (Arc::clone(turns), Arc::clone(self));
        tokio::spawn(async move {
            let turn = turns.acquire_owned().await;
            let work = || {
                // A bug must not leave a client waiting for ever.
                catch_unwind(AssertUnwindSafe(work))
                    .unwrap_or_else(|_| Err(ApiError::internal("the job panicked")))
            };
            let outcome = spawn_blocking(work).await;
            drop(turn);
            jobs.finish(id, outcome.unwrap_or_else(|e| Err(ApiError::internal(e.to_string()))));
            done.notify_waiters();
        });
        Ok(id)
    }

    /// Notes what became of a job, and forgets what is too much then.
    fn finish(&self, id: Uuid, outcome: Outcome) {
        let mut jobs = self.lock();
        let end = Instant::now() + self.limits.age;
        if let Some(job) = jobs.get_mut(&id) {
            job.bytes = outcome.as_ref().map_or(0, |value| value.to_string().len());
            job.outcome = Some((outcome, end));
        }
        let mut total: usize = jobs.values().map(|job| job.bytes).sum();
        while total > self.limits.bytes {
            let ended = jobs.iter().filter_map(|(id, job)| Some((job.outcome.as_ref()?.1, *id)));
            let Some((_, oldest)) = ended.min() else { break };
            total -= jobs.remove(&oldest).map_or(0, |job| job.bytes);
        }
    }

    /// What became of a job: nothing yet, if it takes longer than this waits.
    ///
    /// # Errors
    /// If there is no such job, or its own error.
    pub(super) async fn outcome(&self, kind: Kind, id: Uuid) -> Result<Option<Value>, ApiError> {
        let done = match self.find(kind, id)? {
            Ok(outcome) => return outcome.map(Some),
            Err(done) => done,
        };
        let notified = done.notified();
        // It may have ended just before.
        if let Ok(outcome) = self.find(kind, id)? {
            return outcome.map(Some);
        }
        let _ = timeout(self.limits.wait, notified).await;
        self.find(kind, id)?.map_or(Ok(None), |outcome| outcome.map(Some))
    }

    /// The outcome of a job, or what tells of its end.
    fn find(&self, kind: Kind, id: Uuid) -> Result<Result<Outcome, Arc<Notify>>, ApiError> {
        let jobs = self.lock();
        let job = jobs.get(&id).filter(|job| job.kind == kind).ok_or_else(ApiError::no_job)?;
        Ok(match &job.outcome {
            Some((_, end)) if *end <= Instant::now() => return Err(ApiError::no_job()),
            Some((outcome, _)) => Ok(outcome.clone()),
            None => Err(Arc::clone(&job.done)),
        })
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use serde_json::json;

    use super::*;

    /// With patience for a machine that does much else.
    fn limits() -> Limits {
        Limits { wait: Duration::from_secs(60), ..Limits::default() }
    }

    #[tokio::test]
    async fn a_job_gives_its_result_to_those_who_ask_for_its_kind() {
        let jobs = Arc::new(Jobs::new(limits()));
        let id = jobs.start(Kind::InputProof, || Ok(json!(7))).unwrap();
        assert_eq!(jobs.outcome(Kind::InputProof, id).await, Ok(Some(json!(7))));
        assert_eq!(jobs.outcome(Kind::InputProof, id).await, Ok(Some(json!(7))));
        assert_eq!(jobs.outcome(Kind::UserDecrypt, id).await, Err(ApiError::no_job()));
        assert_eq!(jobs.outcome(Kind::InputProof, Uuid::nil()).await, Err(ApiError::no_job()));
    }

    #[tokio::test]
    async fn there_is_nothing_yet_while_a_job_runs() {
        let jobs = Arc::new(Jobs::new(Limits { wait: Duration::from_millis(50), ..limits() }));
        let (end, ends) = mpsc::channel();
        let id = jobs
            .start(Kind::UserDecrypt, move || {
                ends.recv().expect("the test ends it");
                Ok(json!(1))
            })
            .unwrap();
        assert_eq!(jobs.outcome(Kind::UserDecrypt, id).await, Ok(None));
        end.send(()).unwrap();
        let mut outcome = Ok(None);
        while outcome == Ok(None) {
            outcome = jobs.outcome(Kind::UserDecrypt, id).await;
        }
        assert_eq!(outcome, Ok(Some(json!(1))));
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_with_an_error() {
        let jobs = Arc::new(Jobs::new(limits()));
        let id = jobs.start(Kind::PublicDecrypt, || panic!("on purpose")).unwrap();
        let error = ApiError::internal("the job panicked");
        assert_eq!(jobs.outcome(Kind::PublicDecrypt, id).await, Err(error));
    }

    #[tokio::test]
    async fn jobs_are_bounded_in_number_age_and_size() {
        let few = Arc::new(Jobs::new(Limits { jobs: 1, ..limits() }));
        let id = few.start(Kind::InputProof, || Ok(json!(1))).unwrap();
        assert_eq!(few.start(Kind::InputProof, || Ok(json!(2))), Err(ApiError::overload(1)));
        assert_eq!(few.outcome(Kind::InputProof, id).await, Ok(Some(json!(1))));

        let short = Arc::new(Jobs::new(Limits { jobs: 1, age: Duration::ZERO, ..limits() }));
        let id = short.start(Kind::InputProof, || Ok(json!(1))).unwrap();
        while short.outcome(Kind::InputProof, id).await == Ok(None) {}
        assert_eq!(short.outcome(Kind::InputProof, id).await, Err(ApiError::no_job()));
        assert!(short.start(Kind::InputProof, || Ok(json!(2))).is_ok(), "there is room again");

        let small = Arc::new(Jobs::new(Limits { bytes: 10, ..limits() }));
        let first = small.start(Kind::InputProof, || Ok(json!("123456"))).unwrap();
        assert_eq!(small.outcome(Kind::InputProof, first).await, Ok(Some(json!("123456"))));
        let second = small.start(Kind::InputProof, || Ok(json!("abcdef"))).unwrap();
        assert_eq!(small.outcome(Kind::InputProof, second).await, Ok(Some(json!("abcdef"))));
        assert_eq!(small.outcome(Kind::InputProof, first).await, Err(ApiError::no_job()));
    }
}
