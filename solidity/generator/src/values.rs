//! What is done with values besides computing: grants, questions about them, their handles.

use ciphervm_fhe::FheType;

use super::names::{Function, member};

/// The functions, type by type.
pub(super) fn functions() -> Vec<String> {
    FheType::ALL.into_iter().flat_map(of_type).map(|function| function.render()).collect()
}

/// What the operations take their operands with, one per type.
pub(super) fn handles() -> Vec<String> {
    let handle = |ty: FheType| {
        format!(
            "    function _handle({ty} value) private returns (bytes32 handle) {{\n\
             \x20       handle = {ty}.unwrap(value);\n\
             \x20       if (handle == 0) handle = Host.encrypt(0, {});\n    }}\n",
            member(ty)
        )
    };
    FheType::ALL.map(handle).to_vec()
}

fn of_type(ty: FheType) -> Vec<Function> {
    let view = |name, account: &str, doc, call: String| {
        let account = if account.is_empty() { "" } else { ", address account" };
        question(ty, name, account, "view ", doc, "bool", call)
    };
    let grant = |name, account: &str, doc: &str, call: &str| Function {
        doc: format!("{doc}. Returns the value, initialised"),
        cost: String::new(),
        name: String::from(name),
        parameters: format!("{ty} value{account}"),
        mutability: "",
        returns: ty.to_string(),
        body: vec![
            "bytes32 handle = _handle(value);".to_owned(),
            format!("Host.{call};"),
            format!("return {ty}.wrap(handle);"),
        ],
    };
    let unwrapped = format!("{ty}.unwrap(value)");
    let account = ", address account";
    vec![
        question(
            ty,
            "isInitialized",
            "",
            "pure ",
            "Returns whether the value was ever set",
            "bool",
            format!("{unwrapped} != 0"),
        ),
        question(ty, "toBytes32", "", "pure ", "Returns the handle", "bytes32", unwrapped.clone()),
        grant("allow", account, "Lets `account` use the value for good", "allow(handle, account)"),
        grant(
            "allowThis",
            "",
            "Lets this contract use the value for good",
            "allow(handle, address(this))",
        ),
        grant(
            "allowTransient",
            account,
            "Lets `account` use the value until the transaction ends",
            "allowTransient(handle, account)",
        ),
        grant("makePubliclyDecryptable", "", "Lets everyone decrypt the value", "publish(handle)"),
        view(
            "isAllowed",
            account,
            "Returns whether `account` may use the value",
            format!("Host.isAllowed({unwrapped}, account)"),
        ),
        view(
            "isSenderAllowed",
            "",
            "Returns whether the sender may use the value",
            format!("Host.isAllowed({unwrapped}, msg.sender)"),
        ),
        view(
            "isPubliclyDecryptable",
            "",
            "Returns whether everyone may decrypt the value",
            format!("Host.isPublic({unwrapped})"),
        ),
    ]
}

fn question(
    ty: FheType,
    name: &str,
    account: &str,
    mutability: &'static str,
    doc: &str,
    returns: &str,
    call: String,
) -> Function {
    Function {
        doc: doc.to_owned(),
        cost: String::new(),
        name: name.to_owned(),
        parameters: format!("{ty} value{account}"),
        mutability,
        returns: returns.to_owned(),
        body: vec![format!("return {call};")],
    }
}
