//! The committed vectors.

use serde::de::DeserializeOwned;

use crate::{error::FormatError, sequence::SequenceFile, vector::OperationFile};

/// A file's name below `vectors`, and its text.
type File = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        [$((
            concat!($folder, "/", $name, ".json"),
            include_str!(concat!("../vectors/", $folder, "/", $name, ".json")),
        )),*]
    };
}

static OPERATIONS: [File; 31] = files!("operations":
    "fheAdd" "fheSub" "fheMul" "fheDiv" "fheRem" "fheBitAnd" "fheBitOr" "fheBitXor"
    "fheShl" "fheShr" "fheRotl" "fheRotr" "fheEq" "fheNe" "fheGe" "fheGt" "fheLe" "fheLt"
    "fheMin" "fheMax" "fheNeg" "fheNot" "verifyInput" "cast" "trivialEncrypt" "fheIfThenElse"
    "fheRand" "fheRandBounded" "fheSum" "fheIsIn" "fheMulDiv"
);

static SEQUENCES: [File; 9] = files!("sequences":
    "acl" "transient" "reverts" "hcu" "handles" "inputs" "decryption" "randomness" "corners"
);

/// The vectors of operations.
///
/// # Errors
/// If a file is damaged.
pub fn operations() -> Result<Vec<OperationFile>, FormatError> {
    OPERATIONS.iter().map(read).collect()
}

/// The sequences.
///
/// # Errors
/// If a file is damaged, or of another version.
pub fn sequences() -> Result<Vec<SequenceFile>, FormatError> {
    let files: Vec<SequenceFile> = SEQUENCES.iter().map(read).collect::<Result<_, _>>()?;
    match files.iter().find(|file| file.schema != crate::SCHEMA) {
        Some(file) => Err(FormatError::Schema(file.schema.clone())),
        None => Ok(files),
    }
}

/// Every committed file.
pub fn committed() -> impl Iterator<Item = File> {
    OPERATIONS.into_iter().chain(SEQUENCES)
}

/// Every file as it is generated: its name below `vectors`, and its text.
pub fn generated() -> Vec<(String, String)> {
    let operations = crate::operations::generate().into_iter().map(|file| {
        // A line for each group: one for each vector would double the size.
        let lines: Vec<String> = file.groups.iter().map(to_text).collect();
        let text = format!(
            "{{\n\"schema\": {},\n\"operation\": {},\n\"signature\": {},\n\"groups\": [\n{}\n]\n}}\n",
            to_text(&file.schema),
            to_text(&file.operation),
            to_text(&file.signature),
            lines.join(",\n")
        );
        (format!("operations/{}.json", file.operation), text)
    });
    let sequences = crate::sequences::generate().into_iter().map(|file| {
        let lines: Vec<String> = file.sequences.iter().map(to_text).collect();
        let text = format!(
            "{{\n\"schema\": {},\n\"subject\": {},\n\"sequences\": [\n{}\n]\n}}\n",
            to_text(&file.schema),
            to_text(&file.subject),
            lines.join(",\n")
        );
        (format!("sequences/{}.json", file.subject), text)
    });
    operations.chain(sequences).collect()
}

fn to_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("vectors are plain data")
}

fn read<T: DeserializeOwned>((name, text): &File) -> Result<T, FormatError> {
    serde_json::from_str(text)
        .map_err(|error| FormatError::Json { file: (*name).to_owned(), reason: error.to_string() })
}
