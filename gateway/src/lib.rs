//! Serves the tools of a component to many tenants: who may call what, within which limits,
//! and who did.
