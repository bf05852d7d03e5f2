//! Vectors as Solidity over `@fhevm/solidity`, so that they run on any FHEVM chain without this
//! program.
//!
//! A contract has the vectors of one operation on one form of operands. `run` makes ciphertexts of
//! the operands, computes, and publishes the results; `check` takes what the relayer decrypts, with
//! its signatures, and says which results differ. Operands are random ciphertexts that the chain
//! itself makes, set to their values, so that nobody needs a client: an operation on constants
//! could be computed without any ciphertext.

use std::{collections::BTreeMap, fmt::Write as _};

use ciphervm_fhe::{FheType, Op, Shape};

use crate::{
    error::SolidityError,
    vector::{Argument, Expected, Vector},
};

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its name, and that of its file.
    pub name: String,
    /// Its source.
    pub source: String,
}

/// How an operand comes into the contract's function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Encrypted(FheType),
    Clear,
}

/// Vectors of one operation and form.
type Key = (Op, Vec<Part>, Option<u8>, FheType);

/// The contracts of these vectors, and the number of those that typed Solidity cannot say: errors
/// of ill-formed calls, and operations that the library does not have.
///
/// # Errors
/// If it can say none of them.
pub fn contracts(vectors: &[Vector]) -> Result<(Vec<Contract>, usize), SolidityError> {
    let mut groups: BTreeMap<Key, Vec<&Vector>> = BTreeMap::new();
    let mut left_out = 0;
    for vector in vectors {
        match key(vector) {
            Some(key) => groups.entry(key).or_default().push(vector),
            None => left_out += 1,
        }
    }
    if groups.is_empty() {
        return Err(SolidityError::Nothing { left_out });
    }
    let contracts = groups.iter().map(|(key, vectors)| contract(key, vectors)).collect();
    Ok((contracts, left_out))
}

fn key(vector: &Vector) -> Option<Key> {
    let Expected::Value(result, _) = vector.expected else { return None };
    let parts: Vec<Part> = vector
        .operands
        .iter()
        .map(|operand| match operand {
            Argument::Encrypted(ty, _) => Some(Part::Encrypted(*ty)),
            Argument::Clear(_) => Some(Part::Clear),
            Argument::Unknown(_) | Argument::Zero => None,
        })
        .collect::<Option<_>>()?;
    // An input needs a client, and the library of protocol 0.13 has no `mulDiv`.
    let said = !matches!(vector.op, Op::VerifyInput | Op::MulDiv);
    // Over-wide words do not pass through the library's types.
    let wide = match (vector.op, &parts[..]) {
        (Op::TrivialEncrypt, _) => words(vector).iter().any(|word| *word > result.max_value()),
        (_, [Part::Encrypted(ty), .., Part::Clear]) => {
            words(vector).last().is_some_and(|word| *word > scalar_type(vector.op, *ty).max_value())
        }
        _ => false,
    };
    (said && !wide).then_some((vector.op, parts, vector.ty, result))
}

/// The type of a scalar on the right.
fn scalar_type(op: Op, ty: FheType) -> FheType {
    if is_shift(op) { FheType::Uint8 } else { ty }
}

fn is_shift(op: Op) -> bool {
    matches!(op, Op::Shl | Op::Shr | Op::Rotl | Op::Rotr)
}

fn words(vector: &Vector) -> Vec<alloy_primitives::U256> {
    let word = |operand: &Argument| match operand {
        Argument::Encrypted(_, word) | Argument::Clear(word) => *word,
        Argument::Unknown(_) | Argument::Zero => alloy_primitives::U256::ZERO,
    };
    vector.operands.iter().map(word).collect()
}

fn contract((op, parts, _, result): &Key, vectors: &[&Vector]) -> Contract {
    let width = parts.len() + 1;
    let name = name(*op, parts, *result);
    let mut table = String::new();
    for vector in vectors {
        let Expected::Value(_, value) = vector.expected else { continue };
        for word in words(vector).into_iter().chain([value]) {
            // Writing to a string does not fail.
            let _ = write!(table, "\n        hex\"{word:064x}\"");
        }
    }
    let count = vectors.len();
    let operands: Vec<String> = (0..parts.len()).map(|n| format!("_word(index, {n})")).collect();
    let body = body(*op, parts, *result, &operands);
    let mut types: Vec<FheType> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Encrypted(ty) => Some(*ty),
            Part::Clear => None,
        })
        .collect();
    // A shift takes its amount as this type.
    if is_shift(*op) && parts.last() != Some(&Part::Clear) {
        types.push(FheType::Uint8);
    }
    let is_collection = matches!(op.spec().shape, Shape::Sum | Shape::IsIn);
    let element = types.first().copied().unwrap_or(*result);
    if is_collection {
        types.push(element);
    }
    types.sort_unstable();
    types.dedup();
    let mut helpers: String = types.iter().map(|ty| encrypter(*ty)).collect();
    if is_collection {
        helpers.push_str(&list_of(element));
    }
    // An address is made by choosing it.
    let chosen = types.contains(&FheType::Uint160).then_some(FheType::Bool);
    let imported = types.iter().copied().chain([*result]).chain(chosen);
    let mut imports: Vec<String> = imported.map(|ty| ty.to_string()).collect();
    imports.sort_unstable();
    imports.dedup();
    let imports = imports.join(", ");
    let function = op.name();
    let source = format!(
        r#"// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {{ZamaEthereumConfig}} from "@fhevm/solidity/config/ZamaConfig.sol";
import {{FHE, {imports}}} from "@fhevm/solidity/lib/FHE.sol";

/// @title Conformance vectors of {function}
/// @notice Call {{run}} for ranges that fit a transaction, have the handles of {{results}} decrypted for
/// everybody, and pass the answer to {{check}}.
contract {name} is ZamaEthereumConfig {{
    /// @notice How many vectors there are.
    uint256 public constant COUNT = {count};
    /// @dev Words of a vector: its operands, and its result.
    uint256 private constant WIDTH = {width};
    bytes private constant TABLE ={table};

    /// @notice The result of each vector that was run.
    mapping(uint256 index => bytes32 handle) public results;

    /// @notice A result is another than it must be.
    /// @param index The vector.
    /// @param expected What it must be.
    /// @param found What it is.
    event Different(uint256 indexed index, uint256 expected, uint256 found);

    /// @notice Runs vectors.
    /// @param from The first.
    /// @param to The one after the last.
    function run(uint256 from, uint256 to) external {{
        for (uint256 index = from; index < to; ++index) {{
            {result} result = {body};
            FHE.allowThis(result);
            FHE.makePubliclyDecryptable(result);
            results[index] = FHE.toBytes32(result);
        }}
    }}

    /// @notice Compares decrypted results.
    /// @param from The first vector.
    /// @param to The one after the last.
    /// @param cleartexts The results in the clear, a word for each.
    /// @param proof The signatures under them.
    /// @return different How many differ.
    function check(
        uint256 from,
        uint256 to,
        bytes calldata cleartexts,
        bytes calldata proof
    ) external returns (uint256 different) {{
        bytes32[] memory handles = new bytes32[](to - from);
        for (uint256 index = from; index < to; ++index) {{
            handles[index - from] = results[index];
        }}
        FHE.checkSignatures(handles, cleartexts, proof);
        for (uint256 index = from; index < to; ++index) {{
            uint256 found = uint256(bytes32(cleartexts[32 * (index - from):]));
            uint256 expected = _word(index, WIDTH - 1);
            if (found != expected) {{
                ++different;
                emit Different(index, expected, found);
            }}
        }}
    }}

    function _word(uint256 index, uint256 position) private pure returns (uint256 word) {{
        bytes memory table = TABLE;
        uint256 offset = 32 * (WIDTH * index + position + 1);
        require(offset < table.length + 32, "there is no such vector");
        assembly ("memory-safe") {{
            word := mload(add(table, offset))
        }}
    }}
{helpers}}}
"#
    );
    Contract { name, source }
}

fn name(op: Op, parts: &[Part], result: FheType) -> String {
    let mut name = capitalised(op.name());
    match parts {
        [first, rest @ ..] if rest.len() > 3 => {
            let _ = write!(name, "_{}_{}more", part_name(first), rest.len());
        }
        parts => parts.iter().for_each(|part| {
            let _ = write!(name, "_{}", part_name(part));
        }),
    }
    let _ = write!(name, "_to_{result}");
    name
}

fn part_name(part: &Part) -> String {
    match part {
        Part::Encrypted(ty) => ty.to_string(),
        Part::Clear => "clear".to_owned(),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The function that makes a ciphertext of a value.
fn encrypter(ty: FheType) -> String {
    let rand = format!("FHE.rand{}()", capitalised(&ty.to_string()));
    let value = clear(ty, "value");
    let body = match ty {
        // There is neither a random address nor a difference of two.
        FheType::Uint160 => format!(
            "eaddress known = FHE.asEaddress({value});\n        \
             return FHE.select(FHE.randEbool(), known, known);"
        ),
        ty => format!(
            "{ty} mask = {rand};\n        \
             return FHE.xor(FHE.xor(mask, {value}), mask);"
        ),
    };
    format!(
        "\n    function _{ty}(uint256 value) private returns ({ty}) {{\n        {body}\n    }}\n"
    )
}

/// The function that makes a collection.
fn list_of(ty: FheType) -> String {
    format!(
        "
    function _list(uint256 index, uint256 first, uint256 count) private returns ({ty}[] memory list) {{
        list = new {ty}[](count);
        for (uint256 i; i < count; ++i) {{
            list[i] = _{ty}(_word(index, first + i));
        }}
    }}
"
    )
}

/// The expression of the result.
fn body(op: Op, parts: &[Part], result: FheType, words: &[String]) -> String {
    let encrypted = |ty: FheType, word: &str| format!("_{ty}({word})");
    let operand = |position: usize| match parts[position] {
        Part::Encrypted(ty) => encrypted(ty, &words[position]),
        Part::Clear => words[position].clone(),
    };
    let function = match op {
        Op::BitAnd => "and".to_owned(),
        Op::BitOr => "or".to_owned(),
        Op::BitXor => "xor".to_owned(),
        Op::IfThenElse => "select".to_owned(),
        other => other.name().trim_start_matches("fhe").to_lowercase(),
    };
    let conversion = |ty: FheType| format!("FHE.as{}", capitalised(&ty.to_string()));
    match op.spec().shape {
        Shape::TrivialEncrypt => format!("{}({})", conversion(result), clear(result, &words[0])),
        Shape::Cast => format!("{}({})", conversion(result), operand(0)),
        Shape::Sum | Shape::IsIn => {
            let ty = match parts.first() {
                Some(Part::Encrypted(ty)) => *ty,
                _ => result,
            };
            let skipped = usize::from(op == Op::IsIn);
            let list = format!("_list(index, {skipped}, {})", parts.len() - skipped);
            match op {
                Op::IsIn => format!("FHE.isIn({}, {list})", encrypted(ty, &words[0])),
                _ => format!("FHE.sum({list})"),
            }
        }
        _ => {
            let last = parts.len() - 1;
            let mut arguments: Vec<String> = (0..last).map(operand).collect();
            arguments.push(match (parts[0], parts[last]) {
                (Part::Encrypted(ty), Part::Clear) => clear(scalar_type(op, ty), &words[last]),
                // The low byte has all of the amount that counts.
                (_, Part::Encrypted(_)) if is_shift(op) => {
                    encrypted(FheType::Uint8, &format!("uint8({})", words[last]))
                }
                _ => operand(last),
            });
            format!("FHE.{function}({})", arguments.join(", "))
        }
    }
}

/// A word as a clear value of a type.
fn clear(ty: FheType, word: &str) -> String {
    match ty {
        FheType::Bool => format!("{word} != 0"),
        FheType::Uint160 => format!("address(uint160({word}))"),
        FheType::Uint256 => word.to_owned(),
        ty => format!("uint{}({word})", ty.bits()),
    }
}
