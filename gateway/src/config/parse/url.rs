//! Addresses of systems of the operator's own.

use http::Uri;
use http::uri::Scheme;

/// An address that begins with `https://`, or also `http://` where `plain` allows it. The errors do
/// not quote the text, which could hold a secret.
pub(super) fn https(text: &str, plain: bool, example: &str) -> Result<String, String> {
    let fail = |why: &str| Err(format!("{why}; such as {example:?}"));
    let Ok(uri) = text.parse::<Uri>() else {
        return fail("it is no URL");
    };
    let scheme = uri.scheme();
    let allowed = scheme == Some(&Scheme::HTTPS) || (plain && scheme == Some(&Scheme::HTTP));
    if !allowed {
        return fail("it must begin with https://");
    }
    if uri.host().is_none_or(str::is_empty) {
        return fail("it has no host");
    }
    let has_user = uri
        .authority()
        .is_some_and(|all| all.as_str().contains('@'));
    if has_user || uri.query().is_some() || text.contains('#') {
        return fail(
            "it must not hold a user name or a query; a secret belongs into authorization",
        );
    }
    Ok(text.to_owned())
}
