//! `gong_set_integration_origins`. POST /v2/integration-settings;
//! api:integration-settings:write. Gong documents an `integrationId` in the answer and does not
//! send it. It is not documented whether earlier origins stay.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change, between},
    error::{Error, bad_argument},
    prelude::*,
    render,
    text::shortened,
    wit::{origins::SetIntegrationOrigins, types::Receipt},
};

/// The places in Gong that show pages of other systems.
const KINDS: [&str; 3] = ["EMAIL_COMPOSER", "ACCOUNT_PAGES", "DIALER"];
const EXAMPLE: &str = "\"dialer https://acme.partner.example\".";

/// How many origins this tool accepts; Gong documents no limit.
const MAX_ORIGINS: usize = 50;

/// Checks the origins, then sets all in one request.
pub(crate) fn run(gong: &Gong<'_>, args: SetIntegrationOrigins) -> Result<Receipt, Error> {
    between("origins", &args.origins, MAX_ORIGINS)?;
    let settings: Vec<Value> = args
        .origins
        .iter()
        .enumerate()
        .map(|(index, line)| setting(&format!("origins[{index}]"), line))
        .collect::<Result<_, _>>()?;
    let change = Change {
        what: format!(
            "let Gong show pages of {}",
            render::count(settings.len() as u32, "origin")
        ),
        method: Method::Post,
        operation: "/v2/integration-settings",
        path: "/v2/integration-settings".into(),
        body: Body::Json(json!({ "integrationTypeSettings": settings })),
        look: "Gong documents no way to read them; to set them again does no harm",
    };
    change::make(gong, args.dry_run, &change, |_, _| {})
}

/// Parses a place and an origin: `dialer https://acme.partner.example`.
fn setting(argument: &str, line: &str) -> Result<Value, Error> {
    let (kind, origin) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let kind = kind.to_ascii_uppercase().replace('-', "_");
    if !KINDS.contains(&kind.as_str()) {
        return Err(bad_argument(
            argument,
            &format!(
                "“{}” does not begin with dialer, email_composer or account_pages.",
                shortened(line)
            ),
            EXAMPLE,
        ));
    }
    Ok(json!({ "integrationType": kind, "allowedOrigin": checked_origin(argument, origin)? }))
}

/// An https origin, with or without a port, in the form that browsers compare.
fn checked_origin(argument: &str, text: &str) -> Result<String, Error> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = text.strip_prefix("https://").map(|rest| {
        let (host, port) = rest.split_once(':').unwrap_or((rest, "443"));
        (host, port.parse::<u16>().is_ok())
    });
    let is_name = |host: &str| {
        host.contains('.')
            && host.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
    };
    if host.is_some_and(|(host, port)| port && is_name(host)) {
        return Ok(text);
    }
    Err(bad_argument(
        argument,
        &format!(
            "“{}” is not an https origin: https, host and perhaps port, no path, no *.",
            shortened(&text)
        ),
        EXAMPLE,
    ))
}

#[cfg(test)]
mod tests {
    use super::checked_origin;

    #[test]
    fn an_origin_is_https_host_and_port() {
        assert_eq!(
            checked_origin("origin", "https://Acme.partner.example/").expect("one"),
            "https://acme.partner.example"
        );
        assert!(checked_origin("origin", "https://a.example:8443").is_ok());
        for wrong in [
            "",
            "acme.example",
            "http://acme.example",
            "https://",
            "https://localhost",
            "https://a.example/x",
            "https://*.a.example",
            "https://a.example:port",
            "https://a@b.example",
        ] {
            assert!(checked_origin("origin", wrong).is_err(), "{wrong}");
        }
    }
}
