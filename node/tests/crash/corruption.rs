//! Files that are not what was written: a devnet refuses to start with a sentence, or it has
//! everything. It never goes on with less, and never panics.

use std::{
    fs::{self, File},
    path::Path,
    sync::Mutex,
};

use serde_json::{Value, json};

use crate::{
    balance,
    dice::Dice,
    ledger::Ledger,
    load,
    node::{Failure, Home, Node},
    seed, settle,
};

const CHAIN: &str = "chain.redb";
const CIPHERTEXTS: &str = "ciphertexts.redb";
/// Bytes flipped in each file, each in a copy of its own.
const FLIPS: usize = 30;
/// Where a bit says which of two commits is the last one. Nothing else says so, so the other one is
/// as good.
const LAST_COMMIT: usize = 9;

/// What a home has: the hash of its last block, and the balances of its accounts.
#[derive(Debug, PartialEq)]
struct Content {
    last: Value,
    balances: Vec<u64>,
}

impl Content {
    fn of(node: &Node) -> Result<Self, Failure> {
        let block: Value = node.call("eth_getBlockByNumber", json!(["latest", false]))?;
        let accounts = load::accounts();
        let holders = accounts.addresses()[1..].iter();
        let balances = holders.map(|account| balance(node, *account)).collect::<Result<_, _>>()?;
        Ok(Self { last: block["hash"].clone(), balances })
    }
}

/// A home with a token, which ended as it should or was killed.
fn home(killed: bool) -> (Home, Content) {
    let home = Home::reference();
    let node = home.start(&[]);
    load::prepare(&node, &Mutex::<Ledger>::default());
    settle(&node);
    let content = Content::of(&node).unwrap();
    assert_eq!(content.balances, [1_000_000; load::ACCOUNTS - 1]);
    if killed {
        node.kill();
    } else {
        node.stop();
    }
    (home, content)
}

/// Damages a copy, and starts a devnet on it. Returns whether it refused.
fn is_refused(home: &Home, content: &Content, what: &str, damage: impl FnOnce(&Path)) -> bool {
    let copy = home.copy();
    damage(&copy.data());
    let refused = match copy.spawn(&[]).ready() {
        Err(code) => {
            assert_eq!(code, Some(1), "{what}: {}", copy.stderr());
            let message = copy.stderr();
            assert!(
                message.starts_with("error: ") && message.lines().count() == 1,
                "{what}: {message}"
            );
            true
        }
        Ok(node) => match Content::of(&node) {
            Ok(found) => {
                assert_eq!(found, *content, "{what}");
                false
            }
            Err(Failure::Refused(why)) => {
                assert!(why.contains("corrupt"), "{what}: {why}");
                true
            }
            Err(Failure::Gone) => panic!("{what}: it died: {}", copy.stderr()),
        },
    };
    assert!(!copy.stderr().contains("panicked"), "{what}: {}", copy.stderr());
    refused
}

#[test]
fn a_flipped_byte_is_refused_or_does_no_harm() {
    let mut dice = Dice::new(seed(), u64::MAX - 3);
    for killed in [false, true] {
        let (home, content) = home(killed);
        assert!(!is_refused(&home, &content, "nothing", |_| {}));
        for file in [CHAIN, CIPHERTEXTS] {
            let length = fs::metadata(home.data().join(file)).unwrap().len();
            // How many flips hit what is in use depends on when what was written.
            let (mut flips, mut refused) = (0, 0);
            while flips < FLIPS || refused == 0 && flips < 10 * FLIPS {
                flips += 1;
                let (position, mask) = (dice.below(length) as usize, 1 + dice.below(255) as u8);
                if position == LAST_COMMIT {
                    continue;
                }
                let what =
                    format!("{file}, killed {killed}, byte {position} of {length}, mask {mask}");
                refused += u32::from(is_refused(&home, &content, &what, |data| {
                    let mut bytes = fs::read(data.join(file)).unwrap();
                    bytes[position] ^= mask;
                    fs::write(data.join(file), bytes).unwrap();
                }));
            }
            assert!(refused > 0);
        }
    }
}

#[test]
fn what_is_cut_off_or_of_another_time_is_refused() {
    for killed in [false, true] {
        let (home, content) = home(killed);
        for file in [CHAIN, CIPHERTEXTS] {
            let length = fs::metadata(home.data().join(file)).unwrap().len();
            for rest in [0, 1, 100, 4_096, length / 2, length - 4_096, length - 1] {
                let what = format!("{file}, killed {killed}, {rest} of {length} bytes");
                let refused = is_refused(&home, &content, &what, |data| {
                    let file = File::options().write(true).open(data.join(file)).unwrap();
                    file.set_len(rest).unwrap();
                });
                // What is at the end may be no longer in use.
                assert!(refused || rest > length / 2, "{what}");
            }
        }
        assert!(is_refused(&home, &content, "no ciphertexts", |data| {
            fs::remove_file(data.join(CIPHERTEXTS)).unwrap();
        }));
        for manifest in ["", "{}", "{\"format\": 99}", "null"] {
            assert!(is_refused(&home, &content, manifest, |data| {
                fs::write(data.join("manifest.json"), manifest).unwrap();
            }));
        }
    }
}
