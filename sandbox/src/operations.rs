//! The operations of an API that tools state, to which their requests are held.
//!
//! An operation is a method and a path such as `GET /v2/users/{id}`. A placeholder stands for one
//! segment of the path, whatever it is, as long as no server can read it as another path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::{HeaderMap, Method};

use crate::bindings::exports::gong::tools::mcp_tools::Tool;
use crate::error::SandboxError;

/// Headers by which some servers take another method or path than the request's own.
const OVERRIDES: [&str; 5] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// The operations of all tools.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    tools: BTreeMap<String, Arc<Stated>>,
    none: Arc<Stated>,
}

/// The operations that one tool states.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    operations: Vec<Operation>,
    /// The literal segments of all tools' paths, which may be shown.
    public: Arc<BTreeSet<String>>,
}

#[derive(Debug)]
struct Operation {
    method: Method,
    /// The segments of the path; none stands for any one.
    path: Vec<Option<String>>,
}

impl Operations {
    /// The operations that these tools state.
    ///
    /// # Errors
    ///
    /// One of them is no method and path.
    pub(crate) fn of(tools: &[Tool]) -> Result<Self, SandboxError> {
        let mut parsed = BTreeMap::new();
        let mut public = BTreeSet::new();
        for tool in tools {
            let mut operations = Vec::with_capacity(tool.operations.len());
            for text in &tool.operations {
                let operation = Operation::parse(text).ok_or_else(|| {
                    SandboxError::Answer(format!(
                        "{} states the operation {text:?}, which is no method and path such as \
                         \"GET /v2/users/{{id}}\"",
                        tool.name
                    ))
                })?;
                public.extend(operation.path.iter().flatten().cloned());
                operations.push(operation);
            }
            parsed.insert(tool.name.clone(), operations);
        }
        let public = Arc::new(public);
        let stated = |operations| {
            let public = Arc::clone(&public);
            Arc::new(Stated { operations, public })
        };
        Ok(Self {
            none: stated(Vec::new()),
            tools: parsed
                .into_iter()
                .map(|(tool, operations)| (tool, stated(operations)))
                .collect(),
        })
    }

    /// Those of a tool. One that is not listed has none.
    pub(crate) fn of_tool(&self, name: &str) -> Arc<Stated> {
        Arc::clone(self.tools.get(name).unwrap_or(&self.none))
    }
}

impl Stated {
    /// Whether a request is one of these operations.
    ///
    /// # Errors
    ///
    /// It is not: how the request may be named, without what could be an argument.
    pub(crate) fn check<B>(&self, request: &http::Request<B>) -> Result<(), String> {
        let (method, path) = (request.method(), request.uri().path());
        let header = overriding(request.headers());
        if header.is_none() && self.operations.iter().any(|one| one.is(method, path)) {
            return Ok(());
        }
        let shown: Vec<&str> = segments(path)
            .map(|segment| match self.public.contains(segment) {
                true => segment,
                false => "…",
            })
            .collect();
        let with = header.map_or_else(String::new, |name| format!(" with the header {name}"));
        let request = format!("{method} /{}{with}", shown.join("/"));
        Err(request.chars().take(200).collect())
    }
}

impl Operation {
    fn parse(text: &str) -> Option<Self> {
        let (method, path) = text.split_once(' ')?;
        let usual = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#%;\\".contains(&byte);
        if !usual || !path.starts_with('/') || !path.bytes().all(plain) {
            return None;
        }
        let segment = |segment: &str| match segment.strip_prefix('{') {
            Some(name) => {
                let name = name.strip_suffix('}')?;
                (!name.is_empty() && !name.contains(['{', '}'])).then_some(None)
            }
            None => {
                let literal = !segment.contains(['{', '}']) && !is_dots(segment);
                literal.then(|| Some(segment.to_owned()))
            }
        };
        Some(Self {
            method: method.parse().ok()?,
            path: segments(path).map(segment).collect::<Option<_>>()?,
        })
    }

    fn is(&self, method: &Method, path: &str) -> bool {
        let mut real = segments(path);
        let fits = |part: &Option<String>| match (part, real.next()) {
            (Some(literal), Some(segment)) => literal == segment,
            (None, Some(segment)) => is_one_segment(segment),
            (_, None) => false,
        };
        self.method == *method
            && path.starts_with('/')
            && self.path.iter().all(fits)
            && real.next().is_none()
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn overriding(headers: &HeaderMap) -> Option<&'static str> {
    OVERRIDES
        .into_iter()
        .find(|name| headers.contains_key(*name))
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// Whether every server reads this as one segment of a path: after decoding, it is not empty,
/// does not lead upwards, and has no separator, parameter or second encoding in it.
fn is_one_segment(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                match (digit(), digit()) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return false,
                }
            }
            byte => byte,
        });
    }
    let safe = |byte: &u8| !byte.is_ascii_control() && !b"/\\;%?#".contains(byte);
    !decoded.is_empty() && decoded != b"." && decoded != b".." && decoded.iter().all(safe)
}

#[cfg(test)]
pub(crate) fn stated(operations: &[&str]) -> Arc<Stated> {
    let operations: Vec<Operation> = operations
        .iter()
        .map(|text| Operation::parse(text).expect("an operation"))
        .collect();
    let public = operations.iter().flat_map(|one| one.path.iter().flatten());
    Arc::new(Stated {
        public: Arc::new(public.cloned().collect()),
        operations,
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(operations: &[&str], method: &str, path: &str) -> Result<(), String> {
        let uri = format!("https://api.example.com{path}");
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        stated(operations).check(&request)
    }

    #[test]
    fn a_request_is_held_to_method_and_path() {
        let users = [
            "GET /v2/users/{id}",
            "POST /v2/users/extensive",
            "GET /v2/users",
        ];
        for (method, path) in [
            ("GET", "/v2/users"),
            ("GET", "/v2/users?cursor=a/b&limit=%2F"),
            ("GET", "/v2/users/7782342274025937895"),
            ("GET", "/v2/users/a%40b.example"),
            ("GET", "/v2/users/v1.2"),
            ("POST", "/v2/users/extensive"),
        ] {
            assert_eq!(check(&users, method, path), Ok(()), "{method} {path}");
        }
        for (method, path) in [
            ("DELETE", "/v2/users/7"),
            ("POST", "/v2/users"),
            ("PUT", "/v2/users/extensive"),
            ("get", "/v2/users"),
            ("GET", "/v2/calls"),
            ("GET", "/V2/users"),
            ("GET", "/v2/users/"),
            ("GET", "/v2//users"),
            ("GET", "//v2/users"),
            ("GET", "/v2/users/7/settings"),
            ("GET", "/v2/users/.."),
            ("GET", "/v2/users/."),
            ("GET", "/v2/users/%2e%2E"),
            ("GET", "/v2/users/.%2e"),
            ("GET", "/v2/users/..;x"),
            ("GET", "/v2/users/..%3b"),
            ("GET", "/v2/users/..%2fcalls"),
            ("GET", "/v2/users/..%5Ccalls"),
            ("GET", "/v2/users/%252e%252e"),
            ("GET", "/v2/users/a%00"),
            ("GET", "/v2/users/a%2"),
            ("GET", "/v2/users/a%zz"),
            ("GET", "/"),
        ] {
            assert!(check(&users, method, path).is_err(), "{method} {path}");
        }
        assert!(check(&[], "GET", "/").is_err());
    }

    #[test]
    fn headers_that_name_another_method_or_path_are_refused() {
        for header in OVERRIDES {
            let request = Request::get("https://api.example.com/v2/users")
                .header(header.to_uppercase(), "DELETE")
                .body(())
                .unwrap();
            let refused = stated(&["GET /v2/users"]).check(&request).unwrap_err();
            assert_eq!(refused, format!("GET /v2/users with the header {header}"));
        }
    }

    /// A path may hold arguments, which are neither logged nor audited.
    #[test]
    fn a_refused_request_is_named_without_arguments() {
        let refused = check(
            &["GET /v2/users/{id}"],
            "DELETE",
            "/v2/users/maria@acme.example?q=secret",
        );
        assert_eq!(refused, Err("DELETE /v2/users/…".to_owned()));
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for good in ["GET /", "GET /v2/users", "PUT /v2/calls/{id}/media"] {
            assert!(Operation::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "GET",
            "/v2",
            "get /v2",
            "GET v2",
            "GET /v2 ",
            "GET /v2?x",
            "GET /{",
            "GET /{}",
            "GET /a{id}",
            "GET /{id}b",
            "GET /../v2",
            "* /v2",
            "GET /%2e",
            "GET  /v2",
        ] {
            assert!(Operation::parse(bad).is_none(), "{bad}");
        }
    }
}
