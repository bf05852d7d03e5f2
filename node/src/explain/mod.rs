//! What a revert means: from its data to a sentence with the cause and the fix.
//!
//! One module for each source of errors holds their texts. A host contract's error without a text
//! does not compile.

mod acl;
mod config;
mod ecdsa;
mod executor;
mod handle;
mod hcu;
mod host;
mod input;
mod kms;
mod language;
mod library;
mod pauser;
mod token;

use std::{borrow::Cow, fmt};

use alloy_primitives::{Address, B256, U256, aliases::U48};
use ciphervm_fhe::{CiphertextStore, Handle};

pub(crate) use handle::malformed;
pub use hcu::HcuContext;

/// What the node knows of a call besides its revert data.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The chain's id.
    pub chain_id: u64,
    /// What the call had been charged, if that was measured.
    pub hcu: Option<HcuContext>,
    /// Where the chain's ciphertexts are, to tell a handle without a grant from one without a
    /// value.
    pub store: Option<&'a dyn CiphertextStore>,
}

/// Explains revert data as `Name(argument value, …): cause; fix`.
///
/// It knows the errors of the host contracts, of the Solidity library, of OpenZeppelin's
/// ERC-7984, and `Error` and `Panic` of Solidity itself. `None` if the data is none of them.
pub fn explain(data: &[u8], context: &Context<'_>) -> Option<String> {
    let mut explanation = SOURCES.iter().find_map(|source| source(data))?;
    if let Some(handle) = explanation.handle
        && let Some((cause, fix)) = handle::fault(handle, context)
    {
        (explanation.cause, explanation.fix) = (cause, fix);
    }
    let numbers = hcu::numbers(data, context).or_else(|| input::chain(data, context));
    Some(match numbers {
        Some(numbers) => {
            let Explanation { cause, fix, .. } = &explanation;
            format!("{}: {cause} ({numbers}); {fix}", Head(&explanation))
        }
        None => format!("{}: {}; {}", Head(&explanation), explanation.cause, explanation.fix),
    })
}

type Source = fn(&[u8]) -> Option<Explanation>;

/// Where an error can come from. Several contracts share some of their errors: the first source
/// explains it.
const SOURCES: [Source; 12] = [
    executor::explain,
    acl::explain,
    hcu::explain,
    input::explain,
    kms::explain,
    ecdsa::explain,
    config::explain,
    host::explain,
    pauser::explain,
    library::explain,
    token::explain,
    language::explain,
];

type Text = Cow<'static, str>;

/// An error with its text.
#[derive(Debug)]
struct Explanation {
    name: &'static str,
    arguments: Vec<(&'static str, String)>,
    /// The handle that the error is about.
    handle: Option<Handle>,
    cause: Text,
    fix: Text,
}

/// `Name(argument value, …)`.
struct Head<'a>(&'a Explanation);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<_> =
            self.0.arguments.iter().map(|(name, value)| format!("{name} {value}")).collect();
        write!(f, "{}({})", self.0.name, arguments.join(", "))
    }
}

/// An error's argument, as it is shown.
trait Argument {
    fn show(&self) -> String;
}

impl Argument for Address {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Argument for B256 {
    fn show(&self) -> String {
        // Unabbreviated, as a handle is looked up.
        format!("{self:?}")
    }
}

impl Argument for U256 {
    fn show(&self) -> String {
        // Contexts and epochs of the KMS carry a tag in their first byte.
        if self.bit_len() > 64 { format!("{self:#x}") } else { self.to_string() }
    }
}

impl Argument for U48 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Argument for u64 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Argument for u8 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Argument for String {
    fn show(&self) -> String {
        // Quoted and escaped: the text is a stranger's.
        format!("{self:?}")
    }
}

/// Makes `explain` from the texts of an interface's errors: the cause, and the fix. `about` names
/// the argument that is the handle in question.
macro_rules! errors {
    ($interface:ident::$errors:ident {$(
        $name:ident($($argument:ident),*) $(about $handle:ident)? => $cause:literal, $fix:literal;
    )*}) => {
        /// Explains an error of this interface.
        pub(super) fn explain(data: &[u8]) -> Option<$crate::explain::Explanation> {
            let error = <$interface::$errors as alloy_sol_types::SolInterface>::abi_decode(data);
            Some(match error.ok()? {
                $($interface::$errors::$name($interface::$name { $($argument),* }) => {
                    $crate::explain::Explanation {
                        name: stringify!($name),
                        arguments: vec![$((
                            stringify!($argument),
                            $crate::explain::Argument::show(&$argument),
                        )),*],
                        handle: [$(ciphervm_fhe::Handle($handle))?].first().copied(),
                        cause: $cause.into(),
                        fix: $fix.into(),
                    }
                })*
            })
        }
    };
}
use errors;

#[cfg(test)]
mod tests;
