//! Other inputs than there are, from a seed: the same ones on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to choose bytes.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`, which is not zero.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.number() % count as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Changes of one input, at most.
const CHANGES: usize = 6;
/// Bytes that are inserted or removed at a time, at most.
const PIECE: usize = 40;
/// Bytes of an input, at most, unless one to begin with has more.
const LENGTH: usize = 1 << 16;

/// Numbers at which something often happens.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// An input like one of the pool.
pub(crate) fn mutated(dice: &mut Dice, pool: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let mut input = dice.pick(pool).clone();
    let limit = LENGTH.max(input.len());
    // Most inputs differ in little from one that is valid.
    let changes = 1 + dice.below(CHANGES).min(dice.below(CHANGES));
    for _ in 0..changes {
        change(dice, &mut input, pool, words);
    }
    input.truncate(limit);
    input
}

fn change(dice: &mut Dice, input: &mut Vec<u8>, pool: &[Vec<u8>], words: &[Vec<u8>]) {
    // Often at the end, where inputs go on.
    let at = if dice.below(6) == 0 { input.len() } else { dice.below(input.len() + 1) };
    let end = (at + dice.below(PIECE)).min(input.len());
    match dice.below(11) {
        0 if at < input.len() => input[at] ^= 1 << dice.below(8),
        1 if at < input.len() => input[at] = dice.number() as u8,
        2 if at < input.len() => {
            let step = 1 + dice.below(16) as u8;
            let down = dice.below(2) == 0;
            input[at] =
                if down { input[at].wrapping_sub(step) } else { input[at].wrapping_add(step) };
        }
        3 => number(dice, input, at),
        4 => drop(input.drain(at..end)),
        5 => {
            let piece = input[at..end].to_vec();
            let to = dice.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        6 => {
            let piece: Vec<u8> = (0..dice.below(PIECE)).map(|_| dice.number() as u8).collect();
            input.splice(at..at, piece);
        }
        7 => {
            // The rest of another input.
            let other = dice.pick(pool);
            let from =
                if dice.below(2) == 0 { at.min(other.len()) } else { dice.below(other.len() + 1) };
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        8 => input.truncate(at),
        9 if !words.is_empty() => {
            let word = dice.pick(words);
            input.splice(at..at, word.iter().copied());
        }
        _ if !words.is_empty() => {
            let word = dice.pick(words);
            let end = (at + word.len()).min(input.len());
            input.splice(at..end, word.iter().copied());
        }
        _ => input.extend_from_slice(&dice.number().to_le_bytes()),
    }
}

/// Writes a number over one, two, four or eight bytes, in either order.
fn number(dice: &mut Dice, input: &mut [u8], at: usize) {
    let number = *dice.pick(&NUMBERS);
    let width = 1 << dice.below(4);
    let (little, big) = (number.to_le_bytes(), number.to_be_bytes());
    let bytes = if dice.below(2) == 0 { &little[..width] } else { &big[8 - width..] };
    for (place, byte) in input.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}
