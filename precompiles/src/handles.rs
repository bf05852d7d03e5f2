//! Handles of computed values: what is hashed into them.
//!
//! A handle's first 21 bytes are a Keccak-256 hash of the operation, its operands and, in general,
//! the block. The parts are packed without padding:
//!
//! | operation | preimage |
//! |---|---|
//! | most | `D ‖ op ‖ body ‖ [B] ‖ T` |
//! | `trivialEncrypt` | `D ‖ op ‖ body ‖ T` |
//! | `fheRand`, `fheRandBounded` | `D ‖ op ‖ body`, for the body has a seed in it |
//! | a seed (its first 16 bytes) | `S ‖ counter ‖ T` |
//!
//! `D` is `"FHE_comp"`, `S` is `"FHE_seed"` and `T` is `acl ‖ chain id ‖ parent hash ‖ timestamp`.
//! `B`, only in [`PreimageScheme::Main`], is a bitmap of the encrypted operands that were not made
//! in this transaction. [`PreimageScheme::V011`] has neither `D` nor `S`, and outside of seeds its
//! `T` is `acl ‖ chain id`. Bodies are made from calldata by the executor.

use alloy_primitives::{Address, B256, U256};
use ciphervm_fhe::{Op, Shape};

use crate::PreimageScheme;

/// Separates handles of results from other hashes.
pub const COMPUTATION_DOMAIN: &[u8; 8] = b"FHE_comp";
/// Separates random seeds from other hashes.
pub const SEED_DOMAIN: &[u8; 8] = b"FHE_seed";

/// The chain and block that handles are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The access control list's address.
    pub acl: Address,
    /// Chain id.
    pub chain_id: u64,
    /// Hash of the parent block.
    pub parent_hash: B256,
    /// The block's timestamp.
    pub timestamp: U256,
}

impl Context {
    fn pack(&self, with_block: bool, into: &mut Vec<u8>) {
        into.extend(self.acl);
        into.extend(U256::from(self.chain_id).to_be_bytes::<32>());
        if with_block {
            into.extend(self.parent_hash);
            into.extend(self.timestamp.to_be_bytes::<32>());
        }
    }
}

impl PreimageScheme {
    /// Whether handles of `op` are bound to the block, so that the parent's hash is needed.
    pub fn binds_block(self, op: Op) -> bool {
        self != Self::V011 && !op.spec().is_random()
    }

    /// What is hashed into the handle of `op`'s result. `boundary` is the bitmap of operands not
    /// made in this transaction, bit *i* for encrypted operand *i*.
    pub fn result(self, op: Op, body: &[u8], boundary: U256, context: &Context) -> Vec<u8> {
        let mut preimage = Vec::with_capacity(body.len() + 160);
        if self != Self::V011 {
            preimage.extend(COMPUTATION_DOMAIN);
        }
        preimage.push(op.id());
        preimage.extend(body);
        if self == Self::Main && !op.spec().is_random() && op.spec().shape != Shape::TrivialEncrypt
        {
            preimage.extend(boundary.to_be_bytes::<32>());
        }
        if !op.spec().is_random() {
            context.pack(self.binds_block(op), &mut preimage);
        }
        preimage
    }

    /// What is hashed into the seed of random number `counter`.
    pub fn seed(self, counter: U256, context: &Context) -> Vec<u8> {
        let mut preimage = Vec::with_capacity(160);
        if self != Self::V011 {
            preimage.extend(SEED_DOMAIN);
        }
        preimage.extend(counter.to_be_bytes::<32>());
        context.pack(true, &mut preimage);
        preimage
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{b256, hex, keccak256};
    use ciphervm_fhe::{FheType, Handle};

    use super::*;
    use crate::HostAddresses;

    const SCHEME: PreimageScheme = PreimageScheme::V013;

    fn context() -> Context {
        Context {
            acl: HostAddresses::LOCAL.acl,
            chain_id: 31337,
            parent_hash: B256::repeat_byte(0x11),
            timestamp: U256::from(1_700_000_000),
        }
    }

    fn handle(
        scheme: PreimageScheme,
        op: Op,
        body: &[u8],
        boundary: u64,
        result: FheType,
    ) -> Handle {
        let preimage = scheme.result(op, body, U256::from(boundary), &context());
        Handle::computed(keccak256(preimage), 31337, result)
    }

    fn trivial(scheme: PreimageScheme, value: u64) -> Handle {
        let mut body = U256::from(value).to_be_bytes_vec();
        body.push(FheType::Uint8.id());
        handle(scheme, Op::TrivialEncrypt, &body, 0, FheType::Uint8)
    }

    fn pair(lhs: Handle, rhs: B256, scalar: u8) -> Vec<u8> {
        [lhs.0.as_slice(), rhs.as_slice(), &[scalar]].concat()
    }

    /// Worked values of the FHEVM handle formulas: chain id 31337, the local ACL, parent hash
    /// 0x11…11 and timestamp 1700000000.
    #[test]
    fn handles_equal_the_worked_values() {
        let (a, b) = (trivial(SCHEME, 42), trivial(SCHEME, 7));
        assert_eq!(a.0, b256!("db770f36ceeb504cb5fb242120af474772afa3764eff0000000000007a690200"));
        assert_eq!(b.0, b256!("c728e61ab2ab3523696ca999e42791efb253407cbfff0000000000007a690200"));
        let sum = handle(SCHEME, Op::Add, &pair(a, b.0, 0), 0, FheType::Uint8);
        assert_eq!(
            sum.0,
            b256!("c53d435558eca0e79c996994f1fc29163145b365a1ff0000000000007a690200")
        );
        let five = U256::from(5).into();
        let sum = handle(SCHEME, Op::Add, &pair(a, five, 1), 0, FheType::Uint8);
        assert_eq!(
            sum.0,
            b256!("5c8ddda8c121a217d7ca1a93b857b6fa4d6448f845ff0000000000007a690200")
        );
        let body = [U256::from(2).to_be_bytes::<32>(), a.0.0, b.0.0].concat();
        let sum = handle(SCHEME, Op::Sum, &body, 0, FheType::Uint8);
        assert_eq!(
            sum.0,
            b256!("0d4b705009255db69e0294c1fa1690d9bccaf06102ff0000000000007a690200")
        );
    }

    #[test]
    fn random_handles_equal_the_worked_values() {
        let seed = keccak256(SCHEME.seed(U256::ZERO, &context()));
        assert_eq!(seed[..16], hex!("1669687eea9144b6d74d2dc9e06258e5"));
        let body = [&[FheType::Uint64.id()], &seed[..16]].concat();
        assert_eq!(
            handle(SCHEME, Op::Rand, &body, 0, FheType::Uint64).0,
            b256!("7977f5e88d406542ce63faf2fed9e461c2980936b8ff0000000000007a690500")
        );
        let bound = U256::from(16).to_be_bytes::<32>();
        let body = [&bound, &[FheType::Uint8.id()][..], &seed[..16]].concat();
        assert_eq!(
            handle(SCHEME, Op::RandBounded, &body, 0, FheType::Uint8).0,
            b256!("fb98889b51fd0095b9f64a554790b50f63469a2259ff0000000000007a690200")
        );
    }

    #[test]
    fn the_other_schemes_equal_their_worked_values() {
        assert_eq!(
            trivial(PreimageScheme::V011, 42).0,
            b256!("e4436d73aad73642c6cdc87236ff8f55b6c932c7eeff0000000000007a690200")
        );
        let main = PreimageScheme::Main;
        let (a, b) = (trivial(main, 42), trivial(main, 7));
        assert_eq!(a, trivial(SCHEME, 42));
        let sum = |boundary| handle(main, Op::Add, &pair(a, b.0, 0), boundary, FheType::Uint8);
        assert_eq!(sum(0).0[..21], hex!("b0221246a40dffbeb3f6202c8caebff0196dcaecc0"));
        assert_eq!(sum(3).0[..21], hex!("3776162b5fe9aeb68fb6aae6a1d4341f0fa5e025c9"));
    }
}
