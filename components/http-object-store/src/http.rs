//! A request for an object, and its response.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use shared_store::host::Host;

use crate::{
    objects::{self, Changed, Objects},
    precondition::{Preconditions, etag},
    settings::Settings,
};

/// A request for an object.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// What must hold before.
    pub preconditions: Preconditions,
    /// The body; none if it has not arrived whole.
    pub body: Option<Vec<u8>>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names and values, in small letters.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The object, or a line that says what is wrong.
    pub body: Vec<u8>,
}

impl Response {
    fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        let header = (name.to_owned(), value.as_bytes().to_vec());
        self.headers.push(header);
        self
    }

    fn etag(self, version: u64) -> Self {
        self.header("etag", &etag(version))
    }

    fn body(self, content_type: &str, body: Vec<u8>) -> Self {
        let length = body.len().to_string();
        let response = self.header("content-type", content_type);
        Self {
            body,
            ..response.header("content-length", &length)
        }
    }

    fn text(status: u16, text: String) -> Self {
        Self::new(status).body("text/plain; charset=utf-8", text.into_bytes())
    }
}

/// Answers a request.
pub fn answer(host: &impl Host, settings: &Settings, request: Request) -> Response {
    let Request {
        method,
        path,
        preconditions,
        body,
    } = request;
    let Some(name) = objects::name(&path) else {
        return Response::text(414, "The path is too long for a key of a store.".to_owned());
    };
    let objects = Objects::new(host, settings);
    let response = match &*method {
        "GET" => get(&objects, &name, &preconditions),
        "PUT" => {
            let Some(body) = body else {
                return Response::text(400, "The body has not arrived whole.".to_owned());
            };
            if body.len() > settings.max_bytes {
                return Response::text(
                    413,
                    format!(
                        "An object has at most {} bytes (OBJECT_STORE_MAX_BYTES).",
                        settings.max_bytes
                    ),
                );
            }
            let changed = objects.change(&name, &preconditions, Some(&body));
            changed.map(of_change)
        }
        "DELETE" => {
            let changed = objects.change(&name, &preconditions, None);
            changed.map(of_change)
        }
        _ => Ok(Response::new(405).header("allow", "GET, PUT, DELETE")),
    };
    response.unwrap_or_else(|problem| Response::text(503, problem))
}

fn get(
    objects: &Objects<'_, impl Host>,
    name: &str,
    preconditions: &Preconditions,
) -> Result<Response, String> {
    let object = objects.get(name)?;
    let version = object.as_ref().map(|object| object.version);
    if !preconditions.match_holds(version) {
        return Ok(Response::new(412));
    }
    Ok(match object {
        None => Response::new(404),
        Some(object) if !preconditions.none_match_holds(version) => {
            Response::new(304).etag(object.version)
        }
        Some(object) => Response::new(200)
            .etag(object.version)
            .body("application/octet-stream", object.bytes),
    })
}

fn of_change(changed: Changed) -> Response {
    match changed {
        Changed::Created(version) => Response::new(201).etag(version),
        Changed::Replaced(version) => Response::new(204).etag(version),
        Changed::Deleted => Response::new(204),
        Changed::NotThere => Response::new(404),
        Changed::Refused => Response::new(412),
        Changed::Full => Response::text(
            507,
            "There are more objects than one value of the store can list (OBJECT_STORE_MAX_BYTES)."
                .to_owned(),
        ),
    }
}
