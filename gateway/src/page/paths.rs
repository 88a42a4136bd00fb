//! Addresses of pages.

/// The prefix of a tenant's pages.
pub(super) fn tenant(tenant: &str) -> String {
    format!("/admin/t/{}", encoded(tenant))
}

/// A tool's page.
pub(super) fn tool(tenant: &str, tool: &str) -> String {
    format!("{}/tools/{}", self::tenant(tenant), encoded(tool))
}

/// A user's page.
pub(super) fn user(tenant: &str, name: &str) -> String {
    format!("{}/users/{}", self::tenant(tenant), encoded(name))
}

/// A segment of a path, percent-encoded.
pub(super) fn encoded(segment: &str) -> String {
    askama::filters::urlencode_strict(segment)
        .map_or_else(|_| String::new(), |safe| safe.0.to_string())
}
