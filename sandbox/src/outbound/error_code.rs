//! Errors as codes of `wasi:http`.

use std::error::Error as StdError;
use std::io;

use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::addresses::{Prohibited, is_of_vpn};

/// How the text of an error begins that is a matter of the network policy, where no code says so.
const NETWORK_DENIED: &str = "network-denied: ";

/// The code of the error that a stream failed with, if the stream was a response's body.
pub(crate) fn error_code_of_body(error: &wasmtime::Error) -> Option<ErrorCode> {
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return Some(code.clone());
    }
    Some(match error.downcast_ref::<Error>()? {
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        _ => ErrorCode::HttpProtocolError,
    })
}

/// The code of an HTTP client's error; `cut_off` when the server closed the connection midway.
pub(super) fn error_code(error: &(dyn StdError + 'static), cut_off: Error) -> Error {
    let mut connecting = false;
    // hyper-util wraps it in its "dns error", so it must be looked for first.
    let prohibited = causes(error).find_map(|cause| cause.downcast_ref::<Prohibited>());
    if let Some(prohibited) = prohibited {
        return match is_of_vpn(prohibited.address) {
            true => Error::InternalError(Some(format!(
                "{NETWORK_DENIED}{prohibited}, but one of those that VPNs and DNS filters put in its place. \
                 Nothing was sent. Whoever runs the gateway can take the name out of the filter or, if \
                 the VPN is to carry the requests, allow such addresses (`vpn_addresses`)."
            ))),
            false => Error::DestinationIpProhibited,
        };
    }
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<Error>() {
            // From the body of the component's request.
            return match error {
                Error::HttpRequestBodySize(size) => Error::HttpRequestBodySize(*size),
                _ => Error::InternalError(Some(error.to_string())),
            };
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return match error {
                rustls::Error::InvalidCertificate(_) => Error::TlsCertificateError,
                rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
                    alert_id: Some(u8::from(*alert)),
                    alert_message: Some(format!("{alert:?}")),
                },
                _ => Error::TlsProtocolError,
            };
        }
        if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting = error.is_connect();
        }
        // hyper-util's error for this is private; a test holds its text.
        if connecting && cause.to_string() == "dns error" {
            return Error::DnsError {
                rcode: None,
                info_code: None,
            };
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            if error.is_timeout() {
                return Error::HttpResponseTimeout;
            } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                return cut_off;
            } else if error.is_parse() {
                return Error::HttpProtocolError;
            }
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return Error::ConnectionRefused,
                io::ErrorKind::TimedOut if connecting => return Error::ConnectionTimeout,
                io::ErrorKind::TimedOut => return Error::ConnectionReadTimeout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    return Error::DestinationIpUnroutable;
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return cut_off,
                _ => {}
            }
        }
    }
    if connecting {
        Error::DestinationUnavailable
    } else {
        Error::HttpProtocolError
    }
}

/// The first cause of an error.
pub(super) fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    causes(error).last().unwrap_or(error)
}

/// An error and its causes, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error = *error;
        // `io::Error::source` skips the error that it wraps, which may be one of rustls's.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}
