//! The client's trace, so that a call is found in the log, in the audit and in the client's own
//! tracing by one id.
//!
//! MCP has W3C's `traceparent` in a request's `_meta` (SEP-414), HTTP in a header. The first one
//! names the request itself and has precedence.

use std::fmt;
use std::str::FromStr;

/// W3C's trace context, version 0 or one that begins like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: u128,
    /// The client's span, which is the parent of the call's.
    pub parent: u64,
    /// Whether the client records the trace.
    pub sampled: bool,
}

impl TraceContext {
    /// The context of a request: the first of these that is one. Whatever else a client sends is
    /// ignored, as the standard says.
    pub fn first<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> Option<Self> {
        let mut texts = texts.into_iter().flatten();
        texts.find_map(|text| text.parse().ok())
    }

    /// The trace's id as tools show it: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTraceContext;

impl fmt::Display for NoTraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it is no traceparent, such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
    }
}

impl std::error::Error for NoTraceContext {}

impl FromStr for TraceContext {
    type Err = NoTraceContext;

    fn from_str(text: &str) -> Result<Self, NoTraceContext> {
        let mut fields = text.trim().splitn(5, '-');
        let version = hex(fields.next(), 2)?;
        let trace_id = hex(fields.next(), 32)?;
        let parent = hex(fields.next(), 16)?;
        let flags = hex(fields.next(), 2)?;
        // Later versions may have more fields.
        let too_long = version == 0 && fields.next().is_some();
        if version == 0xff || too_long || trace_id == 0 || parent == 0 {
            return Err(NoTraceContext);
        }
        Ok(Self {
            trace_id,
            parent: u64::try_from(parent).map_err(|_| NoTraceContext)?,
            sampled: flags & 1 == 1,
        })
    }
}

fn hex(field: Option<&str>, digits: usize) -> Result<u128, NoTraceContext> {
    let field = field.unwrap_or_default();
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if field.len() != digits || !field.bytes().all(lower) {
        return Err(NoTraceContext);
    }
    u128::from_str_radix(field, 16).map_err(|_| NoTraceContext)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_as_the_standard_says() {
        let context: TraceContext = GOOD.parse().unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.parent, 0xb7ad_6b71_6920_3331);
        assert!(context.sampled);
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more";
        assert!(!later.parse::<TraceContext>().unwrap().sampled);
        for bad in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(NoTraceContext), "{bad}");
        }
        assert_eq!(TraceContext::first([Some("no"), Some(GOOD)]), Some(context));
        assert_eq!(TraceContext::first([None, None]), None);
    }
}
