//! A seeded smoke of every target: its corpus, its regressions, and inputs made up from them.
//!
//! `UPDATE_CORPUS=1` writes the corpora, `UPDATE_CORPUS=local` the part of them that is not committed
//! only. `CIPHERVM_FUZZ_RUNS` and `CIPHERVM_FUZZ_SEED` make runs longer and different. An input that
//! fails is kept under `fuzz/artifacts`.

mod mutate;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::Instant,
};

use alloy_primitives::keccak256;
use ciphervm_fuzz::{Seed, TARGETS, Target, Verdict, panics};

use mutate::{Dice, mutated};

/// What runs failed on once, in `fuzz/regressions`, and what becomes of it since: the target, the
/// file, the verdict.
const REGRESSIONS: [(&str, &str, Verdict); 3] = [
    ("bundle", "a-choice-by-a-number", Verdict::Refused),
    ("ciphertext", "simulated-constant-cut-short", Verdict::Refused),
    ("journal", "first-block-with-the-largest-number", Verdict::Refused),
];

/// Inputs that are kept to make others from, at most.
const POOL: usize = 512;
/// Inputs that were made up and accepted are kept up to this size.
const KEPT: usize = 1 << 14;

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*

        #[test]
        fn every_target_is_tried() {
            let tried = BTreeSet::from([$(stringify!($name)),*]);
            let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(tried, targets);
            for target in targets {
                let binary = folder("fuzz_targets").join(format!("{target}.rs"));
                assert!(binary.exists(), "{target} has no binary");
            }
        }
    };
}

targets! {
    bundle calldata ciphertext input_list input_proof journal keys plain_list proven_list record
    relayer rpc rpc_calls sequence
}

fn smoke(name: &str) {
    panics::watch();
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target has this name");
    let seeds = (target.seeds)();
    for seed in &seeds {
        assert_eq!(run(target, &seed.bytes), seed.verdict, "{name}: {}", seed.name);
    }
    compare_corpus(target, &seeds);
    let mut pool: Vec<Vec<u8>> = seeds.into_iter().map(|seed| seed.bytes).collect();
    pool.extend(check_regressions(target));

    let runs = number("CIPHERVM_FUZZ_RUNS").unwrap_or_else(|| target.runs.into());
    let seed = number("CIPHERVM_FUZZ_SEED").unwrap_or(0);
    let mut dice = Dice(seed ^ u64::from_be_bytes(keccak256(name)[..8].try_into().unwrap()));
    let words = (target.words)();
    let start = Instant::now();
    let mut accepted = 0;
    for _ in 0..runs {
        let input = mutated(&mut dice, &pool, &words);
        if run(target, &input) == Verdict::Accepted {
            accepted += 1;
            if input.len() <= KEPT && pool.len() < POOL {
                pool.push(input);
            }
        }
    }
    println!("{name}: {runs} runs in {:.1?}, {accepted} accepted", start.elapsed());
}

#[test]
fn every_folder_of_inputs_is_a_targets() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    for inputs in ["corpus", "regressions"] {
        for entry in fs::read_dir(folder(inputs)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(targets.contains(&name), "fuzz/{inputs}/{name} is no target's");
        }
    }
}

/// Holds the regressions of a target to their verdicts, and returns them.
fn check_regressions(target: &Target) -> Vec<Vec<u8>> {
    let known = REGRESSIONS.iter().filter(|(of, ..)| *of == target.name);
    let verdicts: BTreeMap<_, _> = known.map(|(_, file, verdict)| (*file, *verdict)).collect();
    let inputs = files(&folder("regressions").join(target.name));
    let found: BTreeMap<_, _> =
        inputs.iter().map(|(file, input)| (file.as_str(), run(target, input))).collect();
    assert_eq!(found, verdicts, "{}: the regressions", target.name);
    inputs.into_values().collect()
}

/// One run. What it fails on is kept.
fn run(target: &Target, input: &[u8]) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|panic| {
        let folder = folder("artifacts").join(target.name);
        let file = folder.join(format!("{:x}", keccak256(input)));
        let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input));
        eprintln!("{} fails on {}: {kept:?}", target.name, file.display());
        resume_unwind(panic)
    })
}

/// Holds the committed corpus to the seeds, or writes it.
fn compare_corpus(target: &Target, seeds: &[Seed]) {
    let folder = folder("corpus").join(target.name);
    let committed: BTreeMap<_, _> = seeds
        .iter()
        .filter(|seed| seed.committed)
        .map(|seed| (seed.name.clone(), seed.bytes.clone()))
        .collect();
    let named = seeds.iter().filter(|seed| seed.committed).count();
    assert_eq!(committed.len(), named, "{}: two seeds have one name", target.name);
    if let Some(part) = env::var_os("UPDATE_CORPUS") {
        let all = part != "local";
        if all && folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in committed.iter().filter(|_| all) {
            fs::write(folder.join(name), bytes).unwrap();
        }
        for seed in seeds.iter().filter(|seed| !seed.committed) {
            fs::write(folder.join(format!("local-{}", seed.name)), &seed.bytes).unwrap();
        }
    }
    let mut found = files(&folder);
    found.retain(|name, _| !name.starts_with("local-"));
    assert!(found == committed, "{}: run this with UPDATE_CORPUS=1", folder.display());
}

/// The files of a folder, which need not be there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    if !folder.exists() {
        return BTreeMap::new();
    }
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}
