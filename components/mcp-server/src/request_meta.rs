//! `_meta` of a request, in which a client of 2026-07-28 says which revision it uses.

use alloc::{format, string::String, vec::Vec};

use crate::{
    jsonrpc::{Error, Object, as_object, as_string, optional_object},
    revision::Revision,
};

const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The part of `_meta` that this server reads.
pub(crate) struct RequestMeta {
    /// The revision, known or not.
    pub(crate) revision: Option<String>,
    /// Whether the client states its capabilities.
    pub(crate) capabilities: bool,
}

impl RequestMeta {
    /// Reads `_meta`.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub(crate) fn read(params: &Object<'_>) -> Result<Self, Error> {
        let meta = optional_object(params, "_meta", "{}")?;
        let meta = meta.map(|(_, object)| object).unwrap_or_default();
        Ok(Self {
            revision: meta.get(PROTOCOL_VERSION).and_then(|raw| as_string(raw)),
            capabilities: meta
                .get(CLIENT_CAPABILITIES)
                .is_some_and(|raw| as_object(raw).is_some()),
        })
    }

    /// Whether the revision is 2026-07-28 or later, which have no `initialize`.
    pub(crate) fn is_modern(&self) -> bool {
        let first = Revision::V2026_07_28.name();
        self.revision.as_deref().is_some_and(|named| named >= first)
    }

    /// The error that names what is missing.
    pub(crate) fn incomplete(&self) -> Error {
        let mut missing = Vec::new();
        if self.revision.is_none() {
            missing.push(PROTOCOL_VERSION);
        }
        if !self.capabilities {
            missing.push(CLIENT_CAPABILITIES);
        }
        Error::invalid_params(format!(
            "The request's _meta has not, or not as they must be: {}. An example: \
             {{\"{PROTOCOL_VERSION}\": \"{}\", \"{CLIENT_CAPABILITIES}\": {{}}}}. Before 2026-07-28 \
             \"initialize\" comes first.",
            missing.join(", "),
            Revision::V2026_07_28,
        ))
    }
}
