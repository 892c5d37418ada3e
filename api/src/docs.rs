//! `/docs`: the OpenAPI document as a page to be read. It is made from the document itself, so it is never behind.

use std::{collections::BTreeMap, sync::LazyLock};

use askama::Template;
use axum::{Router, http::StatusCode, response::Response, routing::get};
use serde_json::Value;

use crate::{pages::page, serve};

/// The page.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/docs", get(show))
}

/// A field of a request or an answer, or a parameter.
struct Field {
    name: String,
    sort: String,
    needed: bool,
    told: String,
}

/// An answer.
struct Answer {
    status: String,
    told: String,
    fields: Vec<Field>,
}

/// One operation.
struct Operation {
    id: String,
    method: String,
    path: String,
    title: String,
    told: Vec<String>,
    parameters: Vec<Field>,
    request: Vec<Field>,
    answers: Vec<Answer>,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    about: String,
    tags: Vec<(String, Vec<Operation>)>,
}

/// A description as it is read: what stands between backticks in it, between quotation marks.
fn text(value: &Value) -> String {
    let mut marks = ['“', '”'].into_iter().cycle();
    let text = value.as_str().unwrap_or_default().chars();
    text.map(|letter| if letter == '`' { marks.next().unwrap_or(letter) } else { letter }).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The schema that a reference names, or the schema itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}

/// What sort of value a schema is, in words.
fn sort(document: &Value, schema: &Value) -> String {
    let resolved = resolve(document, schema);
    for word in ["oneOf", "anyOf", "allOf"] {
        let sorts: Vec<_> =
            list(&resolved[word]).map(|one| sort(document, one)).filter(|one| !one.is_empty()).collect();
        if !sorts.is_empty() {
            return sorts.join(" or ");
        }
    }
    if let Some(words) = resolved["enum"].as_array() {
        return words.iter().map(|word| word.to_string().replace('"', "")).collect::<Vec<_>>().join(" | ");
    }
    let plain = match &resolved["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    };
    let plain = match resolved["format"].as_str() {
        Some(format) => plain.replace("string", format),
        None => plain,
    };
    if plain.contains("array") {
        return plain.replace("array", &format!("list of {}", sort(document, &resolved["items"])));
    }
    plain
}

/// The fields of an object, and of what it is put together from.
fn fields(document: &Value, schema: &Value, depth: usize) -> Vec<Field> {
    let resolved = resolve(document, schema);
    let mut found = Vec::new();
    for word in ["allOf", "oneOf", "anyOf"] {
        for part in list(&resolved[word]) {
            found.extend(fields(document, part, depth));
        }
    }
    let needed: Vec<_> = list(&resolved["required"]).filter_map(Value::as_str).collect();
    for (name, schema) in resolved["properties"].as_object().into_iter().flatten() {
        let described = if schema["description"].is_string() { schema } else { resolve(document, schema) };
        let needed = needed.contains(&name.as_str());
        found.push(Field {
            name: name.clone(),
            sort: sort(document, schema),
            needed,
            told: text(&described["description"]),
        });
        let inner = resolve(document, schema);
        let inner = if inner["items"].is_object() { &inner["items"] } else { inner };
        if depth > 0 {
            for field in fields(document, inner, depth - 1) {
                found.push(Field { name: format!("{name}.{}", field.name), ..field });
            }
        }
    }
    found
}

fn content(body: &Value) -> impl Iterator<Item = &Value> {
    body["content"].as_object().into_iter().flat_map(|types| types.values().map(|kind| &kind["schema"]))
}

fn operation(document: &Value, method: &str, path: &str, told: &Value) -> Operation {
    let parameters = list(&told["parameters"]).map(|parameter| Field {
        name: text(&parameter["name"]),
        sort: format!("{}, in the {}", sort(document, &parameter["schema"]), text(&parameter["in"])),
        needed: parameter["required"] == true,
        told: text(&parameter["description"]),
    });
    let answers = told["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
        // Every problem has the same fields, told once.
        let ours = status.starts_with('2');
        let fields =
            content(answer).filter(|_| ours).flat_map(|schema| fields(document, schema, 1)).collect();
        Answer { status: status.clone(), told: text(&answer["description"]), fields }
    });
    Operation {
        id: text(&told["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        title: text(&told["summary"]),
        told: text(&told["description"]).split("\n\n").map(str::to_owned).collect(),
        parameters: parameters.collect(),
        request: content(&told["requestBody"]).flat_map(|schema| fields(document, schema, 1)).collect(),
        answers: answers.collect(),
    }
}

fn docs() -> Docs {
    let document = serde_json::to_value(serve::openapi()).unwrap_or_default();
    let mut tags: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, told) in item.as_object().into_iter().flatten() {
            let Some(tag) = told["tags"][0].as_str() else { continue };
            tags.entry(tag.to_owned()).or_default().push(operation(&document, method, path, told));
        }
    }
    Docs { about: text(&document["info"]["description"]), tags: tags.into_iter().collect() }
}

/// It is the same as long as the program runs.
static DOCS: LazyLock<Docs> = LazyLock::new(docs);

async fn show() -> Response {
    page(StatusCode::OK, &*DOCS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_enough_for_a_telephone() {
        let bytes = DOCS.render().unwrap().len();
        assert!(bytes <= 100_000, "{bytes} bytes: a page for each tag is due");
    }

    #[test]
    fn what_is_marked_as_code_is_quoted() {
        assert_eq!(text(&"as `#1a56c4`, or `null`.".into()), "as “#1a56c4”, or “null”.");
    }

    #[test]
    fn every_operation_is_on_the_page_and_says_what_it_does() {
        let document = serde_json::to_value(serve::openapi()).unwrap();
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
        let docs = docs();
        let told: Vec<_> = docs.tags.iter().flat_map(|(_, operations)| operations).collect();
        assert_eq!(told.len(), operations);
        for operation in told {
            assert!(!operation.title.is_empty() && !operation.id.is_empty(), "{}", operation.path);
            assert!(!operation.answers.is_empty(), "{}", operation.path);
            for field in operation.parameters.iter().chain(&operation.request) {
                assert!(!field.sort.is_empty(), "{}: {}", operation.path, field.name);
            }
        }
    }
}
