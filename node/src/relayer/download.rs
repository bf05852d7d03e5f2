//! Downloads that can be resumed and need not be repeated: entity tags and ranges (RFC 9110).

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_range_header::parse_range_header;

use super::keys::File;

/// The answer to a `GET` of a file that never changes.
pub(super) fn download(file: &File, request: &HeaderMap) -> Response {
    let tag = file.tag.as_str();
    let lasting = [
        (header::ETAG, tag.to_owned()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    if names(request, &header::IF_NONE_MATCH, tag) {
        return (StatusCode::NOT_MODIFIED, lasting).into_response();
    }
    let size = file.bytes.len();
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    // A range of another version of the file would be of no use: the whole is sent then.
    let same = !request.contains_key(header::IF_RANGE) || names(request, &header::IF_RANGE, tag);
    match request.get(header::RANGE).filter(|_| same).map(|range| part(range, &file.bytes)) {
        None | Some(Part::Whole) => (lasting, kind, file.bytes.clone()).into_response(),
        Some(Part::Range(first, bytes)) => {
            let range = format!("bytes {first}-{}/{size}", first + bytes.len() - 1);
            let headers = [(header::CONTENT_RANGE, range)];
            (StatusCode::PARTIAL_CONTENT, lasting, kind, headers, bytes).into_response()
        }
        Some(Part::Outside) => {
            let headers = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, lasting, headers).into_response()
        }
    }
}

/// Whether a header names an entity tag, or any.
fn names(request: &HeaderMap, header: &HeaderName, tag: &str) -> bool {
    let values = request.get_all(header).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(','));
    tags.any(|found| matches!(found.trim(), "*") || found.trim().trim_start_matches("W/") == tag)
}

enum Part {
    /// The header is none that has to be understood.
    Whole,
    /// From this byte on.
    Range(usize, Bytes),
    Outside,
}

/// The part that a range names. Several ranges get the whole file, as RFC 9110 lets a server do.
fn part(range: &HeaderValue, bytes: &Bytes) -> Part {
    let Some(parsed) = range.to_str().ok().and_then(|text| parse_range_header(text).ok()) else {
        return Part::Whole;
    };
    match parsed.validate(bytes.len() as u64).as_deref() {
        Ok([range]) => {
            // Both ends are below the file's length.
            let (first, last) = (*range.start() as usize, *range.end() as usize);
            Part::Range(first, bytes.slice(first..=last))
        }
        Ok(_) => Part::Whole,
        Err(_) => Part::Outside,
    }
}
