//! The arguments of commands on service accounts.

use clap::Subcommand;
use jiff::Timestamp;

use super::end;

#[derive(Subcommand)]
pub(in crate::cli::admin) enum AccountsCommand {
    /// Make a service account, and show its first token once.
    Create {
        /// Its name, such as reports. In profiles and in the audit it is service:reports.
        name: String,
        /// Who answers for it: a user.
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// Its profiles.
        #[arg(
            long = "profile",
            value_name = "NAME",
            value_delimiter = ',',
            required = true
        )]
        profiles: Vec<String>,
        /// When the token ends: 90d, 2027-03-31 or 2027-03-31T18:00Z.
        #[arg(long, value_name = "WHEN", value_parser = end)]
        ends: Timestamp,
    },
    /// Show one more token, which replaces the one before. Revoke that when the program has the new one.
    Rotate {
        /// Its name.
        name: String,
        /// When the token ends: 90d, 2027-03-31 or 2027-03-31T18:00Z.
        #[arg(long, value_name = "WHEN", value_parser = end)]
        ends: Timestamp,
    },
    /// Revoke a token, or all.
    Revoke {
        /// Its name.
        name: String,
        /// The first digits of the token's hash, as the list has them. All tokens when left out.
        #[arg(long, value_name = "DIGITS")]
        token: Option<String>,
    },
    /// Give an account another owner or other profiles.
    Set {
        /// Its name.
        name: String,
        /// Who answers for it: a user.
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// All its profiles.
        #[arg(long = "profile", value_name = "NAME", value_delimiter = ',')]
        profiles: Vec<String>,
    },
    /// Remove an account and its tokens.
    Remove {
        /// Its name.
        name: String,
    },
}
