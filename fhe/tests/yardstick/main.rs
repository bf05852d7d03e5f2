//! The bootstraps of tfhe-rs's integer API that the table of costs sets beside ours, counted.
//!
//! A count depends on degrees and noise levels, and on how many threads tfhe-rs has: on two, as
//! here, it takes the algorithms with the fewest bootstraps. It does not depend on how large keys
//! are, so these are far too small to be secure, and everything is counted within a minute.

use std::fmt::Write;

use ciphervm_fhe::{FheType, costs};
use tfhe::{
    core_crypto::prelude::DynamicDistribution,
    get_pbs_count,
    integer::{
        BooleanBlock, ClientKey, RadixCiphertext, ServerKey, U256,
        oprf::{CompressedOprfServerKey, OprfPrivateKey, OprfServerKey},
        prelude::ServerKeyDefaultCMux,
    },
    shortint::{
        ClassicPBSParameters,
        parameters::{
            LweDimension, ModulusSwitchType, PolynomialSize,
            v1_5::V1_5_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
        },
    },
};

/// tfhe-rs's keys.
struct Keys {
    client: ClientKey,
    server: ServerKey,
    random: OprfServerKey,
}

impl Keys {
    fn generate() -> Self {
        let parameters = ClassicPBSParameters {
            lwe_dimension: LweDimension(8),
            polynomial_size: PolynomialSize(512),
            lwe_noise_distribution: DynamicDistribution::new_t_uniform(1),
            glwe_noise_distribution: DynamicDistribution::new_t_uniform(1),
            modulus_switch_noise_reduction_params: ModulusSwitchType::Standard,
            ..V1_5_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128
        };
        let client = ClientKey::new(parameters);
        let server = ServerKey::new_radix_server_key(&client);
        let random = CompressedOprfServerKey::new(&OprfPrivateKey::new(&client), &client);
        let random = random.unwrap().expand().to_fourier();
        Self { client, server, random }
    }
}

/// Operands of one type, and the constants of the table's cases.
struct Operands {
    blocks: usize,
    a: RadixCiphertext,
    b: RadixCiphertext,
    condition: BooleanBlock,
    scalar: U256,
    set: [u128; 4],
    factor: u128,
}

impl Operands {
    fn new(client: &ClientKey, ty: FheType) -> Self {
        let high = 128 - ty.bits().min(128);
        Self {
            blocks: ty.blocks(),
            a: client.encrypt_radix(200_u8, ty.blocks()),
            b: client.encrypt_radix(55_u8, ty.blocks()),
            condition: client.encrypt_bool(true),
            scalar: U256::from([0x9696_9696_9696_9696; 4]) >> (256 - ty.bits()),
            set: [0x96, 0x69, 0xa5, 0x5a].map(|byte| u128::from_le_bytes([byte; 16]) >> high),
            factor: 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344 >> high,
        }
    }
}

/// The case that tfhe-rs has on constants of 128 bits at most.
const SET: &str = "is in 4 sc";

type Run = fn(&Keys, &Operands);

/// tfhe-rs's operation for each row of the table, where it has one.
const CASES: &[(&str, Run)] = &[
    ("add ct ct", |k, x| drop(k.server.add_parallelized(&x.a, &x.b))),
    ("add ct sc", |k, x| drop(k.server.scalar_add_parallelized(&x.a, x.scalar))),
    ("sub ct ct", |k, x| drop(k.server.sub_parallelized(&x.a, &x.b))),
    ("sub ct sc", |k, x| drop(k.server.scalar_sub_parallelized(&x.a, x.scalar))),
    ("sub sc ct", |k, x| drop(k.server.left_scalar_sub_parallelized(x.scalar, &x.a))),
    ("neg ct", |k, x| drop(k.server.neg_parallelized(&x.a))),
    ("sub and ge, lt ct ct", |k, x| {
        drop(k.server.unsigned_overflowing_sub_parallelized(&x.a, &x.b));
    }),
    ("ge, lt ct ct", |k, x| drop(k.server.ge_parallelized(&x.a, &x.b))),
    ("gt, le ct ct", |k, x| drop(k.server.gt_parallelized(&x.a, &x.b))),
    ("ge, lt ct sc", |k, x| drop(k.server.scalar_ge_parallelized(&x.a, x.scalar))),
    ("gt, le ct sc", |k, x| drop(k.server.scalar_gt_parallelized(&x.a, x.scalar))),
    ("eq, ne ct ct", |k, x| drop(k.server.eq_parallelized(&x.a, &x.b))),
    ("eq, ne ct sc", |k, x| drop(k.server.scalar_eq_parallelized(&x.a, x.scalar))),
    ("select ct ct", |k, x| {
        drop(k.server.if_then_else_parallelized(&x.condition, &x.a, &x.b));
    }),
    ("select ct ct, cleaned", |k, x| {
        drop(k.server.if_then_else_parallelized(&x.condition, &x.a, &x.b));
    }),
    ("select ct sc", |k, x| {
        drop(k.server.if_then_else_parallelized(&x.condition, &x.a, x.scalar));
    }),
    ("select sc sc", |k, x| {
        let choice: RadixCiphertext = k.server.scalar_if_then_else_parallelized(
            &x.condition,
            x.scalar,
            U256::from(0_u8),
            x.blocks,
        );
        drop(choice);
    }),
    ("min, max ct ct", |k, x| drop(k.server.min_parallelized(&x.a, &x.b))),
    ("min, max ct sc", |k, x| drop(k.server.scalar_min_parallelized(&x.a, x.scalar))),
    ("and, or, xor ct ct", |k, x| drop(k.server.bitxor_parallelized(&x.a, &x.b))),
    ("and, or, xor ct sc", |k, x| drop(k.server.scalar_bitxor_parallelized(&x.a, x.scalar))),
    ("sum of 3 ct", |k, x| sum(k, x, 3)),
    ("sum of 5 ct", |k, x| sum(k, x, 5)),
    ("sum of 10 ct", |k, x| sum(k, x, 10)),
    ("mul ct ct", |k, x| drop(k.server.mul_parallelized(&x.a, &x.b))),
    ("mul ct sc", |k, x| drop(k.server.scalar_mul_parallelized(&x.a, x.factor))),
    ("div ct sc", |k, x| drop(k.server.scalar_div_parallelized(&x.a, x.factor))),
    ("rem ct sc", |k, x| drop(k.server.scalar_rem_parallelized(&x.a, x.factor))),
    ("shl, shr ct ct", |k, x| drop(k.server.left_shift_parallelized(&x.a, &x.b))),
    ("rotl, rotr ct ct", |k, x| drop(k.server.rotate_left_parallelized(&x.a, &x.b))),
    ("shl, shr ct sc (odd)", |k, x| drop(k.server.scalar_left_shift_parallelized(&x.a, 3_u32))),
    ("rotl, rotr ct sc (odd)", |k, x| {
        drop(k.server.scalar_rotate_left_parallelized(&x.a, 3_u32));
    }),
    ("is in 4 ct", |k, x| {
        let set: Vec<RadixCiphertext> = (0..4).map(|_| x.b.clone()).collect();
        drop(k.server.contains_parallelized(&set, &x.a));
    }),
    (SET, |k, x| drop(k.server.is_in_clears_parallelized(&x.a, &x.set))),
    ("random", |k, x| {
        let seed = tfhe::Seed(7);
        let blocks = x.blocks as u64;
        drop(
            k.random.par_generate_oblivious_pseudo_random_unsigned_integer(seed, blocks, &k.server),
        );
    }),
];

fn sum(keys: &Keys, operands: &Operands, count: usize) {
    let summands: Vec<&RadixCiphertext> = std::iter::repeat_n(&operands.a, count).collect();
    let sum: Option<RadixCiphertext> = keys.server.sum_ciphertexts_parallelized(summands);
    assert!(sum.is_some());
}

/// The only test of this process: others would be counted, too.
#[test]
fn what_tfhe_rs_takes_is_what_the_table_says() {
    let keys = Keys::generate();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (mut compared, mut wrong) = (0, String::new());
    let rows = costs::table().unwrap();
    for ty in FheType::ALL.into_iter().skip(1) {
        let operands = Operands::new(&keys.client, ty);
        for row in rows.iter().filter(|row| row.ty == ty) {
            let has = |name: &str| name == row.name && (name != SET || ty.bits() <= 128);
            let case = CASES.iter().find(|(name, _)| has(name));
            let count = case.map(|(_, run)| {
                let before = get_pbs_count();
                pool.install(|| run(&keys, &operands));
                get_pbs_count() - before
            });
            compared += usize::from(count.is_some());
            if count != row.tfhe {
                writeln!(wrong, "{} on {ty}: {count:?}, not {:?}", row.name, row.tfhe).unwrap();
            }
        }
    }
    assert!(compared > 180 && wrong.is_empty(), "{compared} compared\n{wrong}");
    // Keys so small compute all the same.
    let operands = Operands::new(&keys.client, FheType::Uint16);
    let sum = keys.server.add_parallelized(&operands.a, &operands.b);
    assert_eq!(keys.client.decrypt_radix::<u16>(&sum), 255);
}
