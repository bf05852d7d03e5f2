//! The executor.

use ciphervm_precompiles::ExecutorErrors;

super::errors! { ExecutorErrors::ExecutorErrorsErrors {
    ACLNotAllowed(handle, account) about handle =>
        "the contract was never allowed this handle",
        "call FHE.allowThis after the operation that made it, or FHE.allow for another contract";
    DivisionByZero() =>
        "the divisor is zero in the operands' type, of which only the low bits count",
        "check the clear divisor before the division";
    IncompatibleTypes() =>
        "the encrypted operands differ in type",
        "convert one of them first, such as with FHE.asEuint64";
    InvalidType() =>
        "the value has the target type of the cast already, or the input is of another type than \
         the contract takes",
        "leave the cast out, or encrypt the input with the type of the contract's parameter";
    IsNotScalar() =>
        "the divisor is encrypted",
        "divide by a clear value: no division takes an encrypted divisor";
    NotPowerOfTwo() =>
        "the upper bound of the random value is not a power of two",
        "take the next power of two, and reduce the value with FHE.rem";
    ScalarByteIsNotBoolean() =>
        "the byte that says whether the right operand is a scalar is neither 0 nor 1",
        "call the executor through FHE.sol, which sets it";
    InvalidMulDivScalarByte() =>
        "the byte that says which operands of fheMulDiv are scalars is neither 1 nor 3",
        "call the executor through FHE.sol, which sets it";
    UnsupportedType() =>
        "the operation does not exist for the type of its operand, or a condition is no ebool",
        "convert the operand to a type that has the operation";
    UpperBoundAboveMaxTypeValue() =>
        "the upper bound of the random value is above the number of values of its type",
        "lower the bound, or draw a value of a wider type";
    FHECollectionSizeInvalid(size, limit) =>
        "the collection has more elements than its type allows",
        "split it, and combine the results of the parts";
    BoundaryBitPositionOverflow(position) =>
        "an operand's position is above the 256 that an operation's name can mark",
        "pass fewer operands";
}}
