//! Basic authentication, and the scopes of the credentials.
//!
//! Gong answers 401 to wrong credentials and, with the scope's name, to a missing scope too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};

use crate::options::Options;
use crate::response::ApiError;

/// Refuses requests without the access key and its secret.
pub(crate) fn authenticate(headers: &HeaderMap, options: &Options) -> Result<(), ApiError> {
    let expected = STANDARD.encode(format!(
        "{}:{}",
        options.access_key, options.access_key_secret
    ));
    let brought = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .map(|(_, credentials)| credentials.trim());
    if brought == Some(expected.as_str()) {
        Ok(())
    } else {
        Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "Unauthorized: the access key or its secret is not valid",
        ))
    }
}

/// Refuses an operation whose scope is withheld.
pub(crate) fn grant(scope: &str, options: &Options) -> Result<(), ApiError> {
    if options.withheld_scopes.iter().any(|held| held == scope) {
        Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            format!("You don't have permission to use '{scope}' in your app."),
        ))
    } else {
        Ok(())
    }
}
