//! The table itself. Sources: the FHEVM executor's ABI, type matrix and HCU prices, protocol
//! 0.13 and 0.14.

use super::{HcuRow, Op, OpSpec, ResultType, ScalarRule, Shape, hcu};
use crate::{
    TypeSet,
    circuits::{
        add, bitwise, circuit, compare, convert, divide, equal, multiply, random, select, shift,
        sum,
    },
    reference,
};

/// `(lhs, rhs, scalarByte)` on equal types, with `rhs` possibly a scalar.
const BINARY: OpSpec = OpSpec {
    op: Op::Add,
    signature: "",
    selector: [0; 4],
    event: "",
    shape: Shape::Binary,
    types: TypeSet::ARITHMETIC,
    scalar: ScalarRule::Allowed,
    result: ResultType::Operand,
    hcu: HcuRow::Free,
    reference: reference::first,
    circuit: circuit!(convert::identity),
};

const DIVISION: OpSpec = OpSpec { scalar: ScalarRule::Required, ..BINARY };

const BITWISE: OpSpec = OpSpec { types: TypeSet::BITWISE, ..BINARY };

const SHIFT: OpSpec = OpSpec { types: TypeSet::INTEGER, ..BINARY };

const EQUALITY: OpSpec = OpSpec { types: TypeSet::ALL, result: ResultType::Bool, ..BINARY };

const ORDER: OpSpec = OpSpec { result: ResultType::Bool, ..BINARY };

const UNARY: OpSpec = OpSpec { shape: Shape::Unary, scalar: ScalarRule::Never, ..BINARY };

/// No operand, or one whose type an argument names.
const REQUESTED: OpSpec = OpSpec { result: ResultType::Requested, ..UNARY };

/// Every operation, at the index of its id.
pub static OPS: [OpSpec; 31] = [
    OpSpec {
        op: Op::Add,
        signature: "fheAdd(bytes32,bytes32,bytes1)",
        selector: [0x11, 0x7b, 0x2f, 0x38],
        event: "FheAdd(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::ADD,
        reference: reference::add,
        circuit: circuit!(add::add),
        ..BINARY
    },
    OpSpec {
        op: Op::Sub,
        signature: "fheSub(bytes32,bytes32,bytes1)",
        selector: [0x18, 0x2b, 0x6d, 0x98],
        event: "FheSub(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::SUB,
        reference: reference::sub,
        circuit: circuit!(add::sub),
        ..BINARY
    },
    OpSpec {
        op: Op::Mul,
        signature: "fheMul(bytes32,bytes32,bytes1)",
        selector: [0x57, 0xf0, 0xa5, 0x68],
        event: "FheMul(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::MUL,
        reference: reference::mul,
        circuit: circuit!(multiply::mul),
        ..BINARY
    },
    OpSpec {
        op: Op::Div,
        signature: "fheDiv(bytes32,bytes32,bytes1)",
        selector: [0x5a, 0x53, 0xac, 0xcb],
        event: "FheDiv(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::DIV,
        reference: reference::div,
        circuit: circuit!(divide::div),
        ..DIVISION
    },
    OpSpec {
        op: Op::Rem,
        signature: "fheRem(bytes32,bytes32,bytes1)",
        selector: [0xcf, 0x4d, 0x18, 0xaa],
        event: "FheRem(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::REM,
        reference: reference::rem,
        circuit: circuit!(divide::rem),
        ..DIVISION
    },
    OpSpec {
        op: Op::BitAnd,
        signature: "fheBitAnd(bytes32,bytes32,bytes1)",
        selector: [0xd9, 0x98, 0x82, 0xd5],
        event: "FheBitAnd(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::BIT_AND,
        reference: reference::and,
        circuit: circuit!(bitwise::and),
        ..BITWISE
    },
    OpSpec {
        op: Op::BitOr,
        signature: "fheBitOr(bytes32,bytes32,bytes1)",
        selector: [0x63, 0xa2, 0xdb, 0x29],
        event: "FheBitOr(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::BIT_OR,
        reference: reference::or,
        circuit: circuit!(bitwise::or),
        ..BITWISE
    },
    OpSpec {
        op: Op::BitXor,
        signature: "fheBitXor(bytes32,bytes32,bytes1)",
        selector: [0x8b, 0x49, 0xce, 0xb4],
        event: "FheBitXor(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::BIT_XOR,
        reference: reference::xor,
        circuit: circuit!(bitwise::xor),
        ..BITWISE
    },
    OpSpec {
        op: Op::Shl,
        signature: "fheShl(bytes32,bytes32,bytes1)",
        selector: [0xcc, 0xc4, 0x80, 0xa1],
        event: "FheShl(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::SHL,
        reference: reference::shl,
        circuit: circuit!(shift::shl),
        ..SHIFT
    },
    OpSpec {
        op: Op::Shr,
        signature: "fheShr(bytes32,bytes32,bytes1)",
        selector: [0x91, 0xf9, 0x8f, 0xfe],
        event: "FheShr(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::SHR,
        reference: reference::shr,
        circuit: circuit!(shift::shr),
        ..SHIFT
    },
    OpSpec {
        op: Op::Rotl,
        signature: "fheRotl(bytes32,bytes32,bytes1)",
        selector: [0x67, 0x54, 0xb3, 0x60],
        event: "FheRotl(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::ROTL,
        reference: reference::rotl,
        circuit: circuit!(shift::rotl),
        ..SHIFT
    },
    OpSpec {
        op: Op::Rotr,
        signature: "fheRotr(bytes32,bytes32,bytes1)",
        selector: [0xc0, 0x21, 0x32, 0x9e],
        event: "FheRotr(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::ROTR,
        reference: reference::rotr,
        circuit: circuit!(shift::rotr),
        ..SHIFT
    },
    OpSpec {
        op: Op::Eq,
        signature: "fheEq(bytes32,bytes32,bytes1)",
        selector: [0xf7, 0x7f, 0x3f, 0x1d],
        event: "FheEq(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::EQ,
        reference: reference::eq,
        circuit: circuit!(equal::eq),
        ..EQUALITY
    },
    OpSpec {
        op: Op::Ne,
        signature: "fheNe(bytes32,bytes32,bytes1)",
        selector: [0xd8, 0x09, 0x2c, 0xbc],
        event: "FheNe(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::NE,
        reference: reference::ne,
        circuit: circuit!(equal::ne),
        ..EQUALITY
    },
    OpSpec {
        op: Op::Ge,
        signature: "fheGe(bytes32,bytes32,bytes1)",
        selector: [0x13, 0x91, 0x54, 0x7f],
        event: "FheGe(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::GE,
        reference: reference::ge,
        circuit: circuit!(compare::ge),
        ..ORDER
    },
    OpSpec {
        op: Op::Gt,
        signature: "fheGt(bytes32,bytes32,bytes1)",
        selector: [0x85, 0x36, 0x2e, 0xe7],
        event: "FheGt(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::GT,
        reference: reference::gt,
        circuit: circuit!(compare::gt),
        ..ORDER
    },
    OpSpec {
        op: Op::Le,
        signature: "fheLe(bytes32,bytes32,bytes1)",
        selector: [0x75, 0x13, 0xa4, 0x04],
        event: "FheLe(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::LE,
        reference: reference::le,
        circuit: circuit!(compare::le),
        ..ORDER
    },
    OpSpec {
        op: Op::Lt,
        signature: "fheLt(bytes32,bytes32,bytes1)",
        selector: [0x72, 0x10, 0x76, 0x81],
        event: "FheLt(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::LT,
        reference: reference::lt,
        circuit: circuit!(compare::lt),
        ..ORDER
    },
    OpSpec {
        op: Op::Min,
        signature: "fheMin(bytes32,bytes32,bytes1)",
        selector: [0x04, 0x55, 0x9f, 0x71],
        event: "FheMin(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::MIN,
        reference: reference::min,
        circuit: circuit!(compare::min),
        ..BINARY
    },
    OpSpec {
        op: Op::Max,
        signature: "fheMax(bytes32,bytes32,bytes1)",
        selector: [0x36, 0x31, 0x8d, 0x64],
        event: "FheMax(address,bytes32,bytes32,bytes1,bytes32)",
        hcu: hcu::MAX,
        reference: reference::max,
        circuit: circuit!(compare::max),
        ..BINARY
    },
    OpSpec {
        op: Op::Neg,
        signature: "fheNeg(bytes32)",
        selector: [0xd5, 0x80, 0xc0, 0x63],
        event: "FheNeg(address,bytes32,bytes32)",
        types: TypeSet::INTEGER,
        hcu: hcu::NEG,
        reference: reference::neg,
        circuit: circuit!(add::neg),
        ..UNARY
    },
    OpSpec {
        op: Op::Not,
        signature: "fheNot(bytes32)",
        selector: [0xf5, 0x1c, 0xcf, 0xb0],
        event: "FheNot(address,bytes32,bytes32)",
        types: TypeSet::BITWISE,
        hcu: hcu::NOT,
        reference: reference::not,
        circuit: circuit!(bitwise::not),
        ..UNARY
    },
    OpSpec {
        op: Op::VerifyInput,
        signature: "verifyInput(bytes32,address,bytes,uint8)",
        selector: [0x08, 0xbf, 0x83, 0x2a],
        event: "VerifyInput(address,bytes32,address,bytes,uint8,bytes32)",
        shape: Shape::VerifyInput,
        types: TypeSet::ALL,
        reference: reference::first,
        circuit: circuit!(convert::identity),
        ..REQUESTED
    },
    OpSpec {
        op: Op::Cast,
        signature: "cast(bytes32,uint8)",
        selector: [0x1c, 0x89, 0xee, 0x44],
        event: "Cast(address,bytes32,uint8,bytes32)",
        shape: Shape::Cast,
        types: TypeSet::BITWISE,
        hcu: hcu::CAST,
        reference: reference::cast,
        circuit: circuit!(convert::cast),
        ..REQUESTED
    },
    OpSpec {
        op: Op::TrivialEncrypt,
        signature: "trivialEncrypt(uint256,uint8)",
        selector: [0x9c, 0xd0, 0x7a, 0xcb],
        event: "TrivialEncrypt(address,uint256,uint8,bytes32)",
        shape: Shape::TrivialEncrypt,
        types: TypeSet::ALL,
        hcu: hcu::TRIVIAL_ENCRYPT,
        reference: reference::trivial_encrypt,
        circuit: circuit!(convert::trivial_encrypt),
        ..REQUESTED
    },
    OpSpec {
        op: Op::IfThenElse,
        signature: "fheIfThenElse(bytes32,bytes32,bytes32)",
        selector: [0x77, 0x02, 0xdc, 0xff],
        event: "FheIfThenElse(address,bytes32,bytes32,bytes32,bytes32)",
        shape: Shape::Select,
        types: TypeSet::ALL,
        hcu: hcu::IF_THEN_ELSE,
        reference: reference::select,
        circuit: circuit!(select::select),
        ..UNARY
    },
    OpSpec {
        op: Op::Rand,
        signature: "fheRand(uint8)",
        selector: [0xd7, 0x5d, 0x6e, 0x8a],
        event: "FheRand(address,uint8,bytes16,bytes32)",
        shape: Shape::Rand,
        types: TypeSet::BITWISE,
        hcu: hcu::RAND,
        reference: reference::rand,
        circuit: circuit!(random::rand),
        ..REQUESTED
    },
    OpSpec {
        op: Op::RandBounded,
        signature: "fheRandBounded(uint256,uint8)",
        selector: [0x48, 0xee, 0xf4, 0x7e],
        event: "FheRandBounded(address,uint256,uint8,bytes16,bytes32)",
        shape: Shape::RandBounded,
        types: TypeSet::INTEGER,
        hcu: hcu::RAND_BOUNDED,
        reference: reference::rand_bounded,
        circuit: circuit!(random::rand_bounded),
        ..REQUESTED
    },
    OpSpec {
        op: Op::Sum,
        signature: "fheSum(bytes32[],uint8)",
        selector: [0x04, 0xa8, 0xd1, 0x99],
        event: "FheSum(address,bytes32[],bytes32)",
        shape: Shape::Sum,
        hcu: hcu::SUM,
        reference: reference::sum,
        circuit: circuit!(sum::sum),
        ..REQUESTED
    },
    OpSpec {
        op: Op::IsIn,
        signature: "fheIsIn(bytes32,bytes32[],uint8)",
        selector: [0x73, 0x72, 0x9f, 0x60],
        event: "FheIsIn(address,bytes32,bytes32[],bytes32)",
        shape: Shape::IsIn,
        types: TypeSet::MULTIBIT,
        result: ResultType::Bool,
        hcu: hcu::IS_IN,
        reference: reference::is_in,
        circuit: circuit!(equal::is_in),
        ..UNARY
    },
    OpSpec {
        op: Op::MulDiv,
        signature: "fheMulDiv(bytes32,bytes32,bytes32,bytes1)",
        selector: [0x94, 0xfd, 0xeb, 0x20],
        event: "FheMulDiv(address,bytes32,bytes32,bytes32,bytes1,bytes32)",
        shape: Shape::MulDiv,
        types: TypeSet::UP_TO_64,
        hcu: hcu::MUL_DIV,
        reference: reference::mul_div,
        circuit: circuit!(divide::mul_div),
        ..BINARY
    },
];
