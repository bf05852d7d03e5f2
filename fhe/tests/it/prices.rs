//! The prices of operations, written out a second time.

use std::collections::BTreeMap;

use ciphervm_fhe::{FheType, HcuRow, OPS, Op};

/// The table of FHEVM's `HCULimit` contract, by operation and by what it is called with: a scalar
/// or not, or up to so many elements. Columns are the types from `ebool` on.
///
/// Source: the contract's public sources at protocol 0.13, and 0.14 for `fheMulDiv`.
const TABLE: &str = "
fheAdd         scalar          -   84000   93000   95000  133000  172000       -       -
fheAdd         encrypted       -   88000   93000  125000  162000  259000       -       -
fheSub         scalar          -   84000   93000   95000  133000  172000       -       -
fheSub         encrypted       -   91000   93000  125000  162000  260000       -       -
fheMul         scalar          -  122000  193000  265000  365000  696000       -       -
fheMul         encrypted       -  150000  222000  328000  596000 1686000       -       -
fheDiv         scalar          -  210000  302000  438000  715000 1225000       -       -
fheDiv         encrypted       -       -       -       -       -       -       -       -
fheRem         scalar          -  440000  580000  792000 1153000 1943000       -       -
fheRem         encrypted       -       -       -       -       -       -       -       -
fheBitAnd      scalar      22000   31000   31000   32000   34000   37000       -   38000
fheBitAnd      encrypted   25000   31000   31000   32000   34000   37000       -   38000
fheBitOr       scalar      22000   30000   30000   32000   34000   37000       -   38000
fheBitOr       encrypted   24000   30000   31000   32000   34000   37000       -   38000
fheBitXor      scalar      22000   31000   31000   32000   34000   37000       -   39000
fheBitXor      encrypted   22000   31000   31000   32000   34000   37000       -   39000
fheShl         scalar          -   32000   32000   32000   34000   37000       -   39000
fheShl         encrypted       -   92000  125000  162000  208000  272000       -  378000
fheShr         scalar          -   32000   32000   32000   34000   37000       -   38000
fheShr         encrypted       -   91000  123000  163000  209000  272000       -  369000
fheRotl        scalar          -   31000   31000   32000   34000   37000       -   38000
fheRotl        encrypted       -   91000  125000  163000  209000  278000       -  378000
fheRotr        scalar          -   31000   31000   32000   34000   37000       -   40000
fheRotr        encrypted       -   93000  125000  160000  209000  283000       -  375000
fheEq          scalar      25000   55000   55000   82000   83000  117000  117000  118000
fheEq          encrypted   26000   55000   83000   86000  120000  122000  137000  152000
fheNe          scalar      23000   55000   55000   83000   84000  117000  117000  117000
fheNe          encrypted   23000   55000   83000   85000  118000  122000  136000  150000
fheGe          scalar          -   52000   55000   84000  116000  149000       -       -
fheGe          encrypted       -   63000   84000  118000  152000  210000       -       -
fheGt          scalar          -   52000   55000   84000  117000  150000       -       -
fheGt          encrypted       -   59000   84000  118000  152000  218000       -       -
fheLe          scalar          -   58000   58000   84000  119000  150000       -       -
fheLe          encrypted       -   58000   83000  117000  149000  218000       -       -
fheLt          scalar          -   52000   58000   83000  118000  149000       -       -
fheLt          encrypted       -   59000   84000  117000  146000  215000       -       -
fheMin         scalar          -   84000   88000  117000  150000  186000       -       -
fheMin         encrypted       -  119000  146000  182000  219000  289000       -       -
fheMax         scalar          -   89000   89000  117000  149000  180000       -       -
fheMax         encrypted       -  121000  145000  180000  218000  290000       -       -
fheNeg         encrypted       -   79000   93000   95000  131000  168000       -  269000
fheNot         encrypted       2       9      16      32      63     130       -     130
cast           encrypted      32      32      32      32      32      32       -      32
trivialEncrypt encrypted      32      32      32      32      32      32      32      32
fheIfThenElse  encrypted   55000   55000   55000   55000   55000   57000   83000  108000
fheRand        encrypted   19000   23000   23000   24000   24000   25000       -   30000
fheRandBounded encrypted       -   23000   23000   24000   24000   25000       -   30000
fheSum         10              -   90900   95000  116000  139000  219000       -       -
fheSum         30              -  127000  136000  164000  216000  355000       -       -
fheSum         60              -  148000  162000  205000  306000  552000       -       -
fheSum         more            -  159000  184000  281000  306000  552000       -       -
fheIsIn        10              -   71300  103000  137000  218000  256000  286000  321000
fheIsIn        30              -  148000  218000  300000  492000  535000  584000  586000
fheIsIn        60              -  247000  378000  531000  879000  921000  885000  943000
fheIsIn        more            -  374000  605000  827000  879000  921000  885000  943000
fheMulDiv      scalar          -  495000  703000 1080000 1921000       -       -       -
fheMulDiv      encrypted       -  524000  766000 1311000 2911000       -       -       -
";

/// What stands for a tier of elements: its smallest and its largest size.
const TIERS: [(&str, [usize; 2]); 4] =
    [("10", [0, 10]), ("30", [11, 30]), ("60", [31, 60]), ("more", [61, 100])];

#[test]
fn every_price_is_that_of_the_public_meter() {
    let mut table: BTreeMap<(&str, &str), Vec<Option<u64>>> = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let key = (words.next().unwrap(), words.next().unwrap());
        let prices: Vec<_> = words.map(|word| word.parse().ok()).collect();
        assert_eq!(prices.len(), FheType::ALL.len(), "{line}");
        assert!(table.insert(key, prices).is_none(), "{key:?} is there twice");
    }
    let mut checked = 0;
    let mut check = |op: Op, operands: &str, sizes: &[usize]| {
        let expected = &table[&(op.name(), operands)];
        for (ty, expected) in FheType::ALL.into_iter().zip(expected) {
            for &elements in sizes {
                let price = op.spec().hcu.price(ty, operands == "scalar", elements);
                assert_eq!(price, *expected, "{op} of {ty}, {operands}, {elements} elements");
            }
        }
        checked += 1;
    };
    for spec in &OPS {
        match spec.hcu {
            HcuRow::Free => assert_eq!(spec.op, Op::VerifyInput),
            HcuRow::Flat(_) => check(spec.op, "encrypted", &[0]),
            HcuRow::Scalar { .. } => {
                check(spec.op, "scalar", &[0]);
                check(spec.op, "encrypted", &[0]);
            }
            HcuRow::Tiered(_) => {
                TIERS.iter().for_each(|(tier, sizes)| check(spec.op, tier, sizes));
            }
        }
    }
    assert_eq!(checked, table.len(), "a row of the table has no operation");
}
