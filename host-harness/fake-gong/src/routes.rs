//! The operations: one file for each of Gong's nouns, one entry for each operation.
//!
//! To add an operation: write its function and its entry in the file of its noun, and name a
//! new file's `OPERATIONS` in [`all`]. Authentication, limits, scopes, the content type, the
//! contract and the log are the same for all and are not the operation's business.

use crate::operation::Operation;

mod access;
mod calls;
mod coaching;
mod crm;
mod entities;
mod extensive;
mod flows;
mod integrations;
mod interactions;
mod library;
mod logs;
mod meetings;
mod outcomes;
mod permissions;
mod privacy;
mod prospects;
mod scorecards;
mod settings;
mod stats;
mod targets;
mod tasks;
mod transcripts;
mod users;
mod workspaces;

/// Every operation that the stand-in has.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    [
        access::OPERATIONS,
        calls::OPERATIONS,
        coaching::OPERATIONS,
        crm::OPERATIONS,
        entities::OPERATIONS,
        extensive::OPERATIONS,
        flows::OPERATIONS,
        integrations::OPERATIONS,
        interactions::OPERATIONS,
        library::OPERATIONS,
        logs::OPERATIONS,
        meetings::OPERATIONS,
        outcomes::OPERATIONS,
        permissions::OPERATIONS,
        privacy::OPERATIONS,
        prospects::OPERATIONS,
        scorecards::OPERATIONS,
        settings::OPERATIONS,
        stats::OPERATIONS,
        targets::OPERATIONS,
        tasks::OPERATIONS,
        transcripts::OPERATIONS,
        users::OPERATIONS,
        workspaces::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::Document;
    use crate::operation::Takes;
    use crate::options::OpenApi;

    /// Where Gong's OpenAPI document is missing, this says so and checks nothing.
    #[test]
    fn every_operation_of_the_document_is_there_and_takes_the_body_it_has() {
        let file = OpenApi::Beside.file().unwrap();
        let Some(document) = Document::load(&file).unwrap() else {
            eprintln!("skipped: Gong's OpenAPI document is not there");
            return;
        };
        let documented = document.operations.iter();
        let documented = documented.map(|operation| (&operation.method, operation.path.as_str()));
        let lacking = documented.filter(|(method, path)| {
            !all().any(|operation| operation.method == *method && operation.path == *path)
        });
        assert_eq!(lacking.collect::<Vec<_>>(), []);
        for operation in all() {
            let Operation { method, path, .. } = operation;
            let documented = document.operation(method, path);
            let takes = documented.map(|documented| {
                if !documented.parts.is_empty() {
                    Takes::Parts
                } else if document.validator(documented).is_some() {
                    Takes::Json
                } else {
                    Takes::Nothing
                }
            });
            assert_eq!(takes, Some(operation.takes), "{method} {path}");
        }
    }
}
