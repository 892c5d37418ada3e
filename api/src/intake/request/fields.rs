//! A JSON object, read field by field: what is wrong is told with its place, and none of what stands there.

use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// A field that does not fit.
#[must_use]
pub fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidField, "Nothing was stored. Mend the field and send the list again.")
        .at(pointer, detail)
}

/// Reads a JSON object with these fields.
///
/// # Errors
/// When it is not JSON, or a field does not fit: with its place, and none of what stands there.
pub fn parse<T: DeserializeOwned>(body: &[u8], known: &[&str], needs: &str) -> Result<T, Problem> {
    // An array would be read field by field.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("", format!("is an array; the request is an object that {needs}")));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: T =
        serde_path_to_error::deserialize(&mut json).map_err(|error| unfit(&error, known, needs))?;
    json.end().map_err(|error| {
        Problem::new(
            Kind::MalformedJson,
            format!("There is more after the end of the object, in line {}.", error.line()),
        )
    })?;
    Ok(request)
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>, known: &[&str], needs: &str) -> Problem {
    let inner = error.inner();
    let place = format!("line {}, column {}", inner.line(), inner.column());
    if !inner.is_data() {
        return Problem::new(Kind::MalformedJson, format!("The body cannot be read as JSON: see {place}."));
    }
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            serde_path_to_error::Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            serde_path_to_error::Segment::Map { key } if known.contains(&key.as_str()) => {
                pointer.extend(["/", key]);
            }
            // What no request has was named by the caller; only known fields are repeated.
            serde_path_to_error::Segment::Map { .. } => {
                let detail =
                    format!("has a field that this request has not ({place}); it has {}", known.join(", "));
                return invalid(&pointer, detail);
            }
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
        }
    }
    match pointer.as_str() {
        "" => invalid("", needs),
        pointer => invalid(pointer, format!("is not of the type it should have ({place})")),
    }
}
