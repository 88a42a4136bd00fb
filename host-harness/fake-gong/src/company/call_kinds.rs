//! The kinds of calls.

use super::phrases::Theme;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An opener on the phone.
    Cold,
    /// The first real talk.
    Discovery,
    /// The product shown.
    Demo,
    /// Architects among themselves.
    DeepDive,
    /// The customer's security people ask.
    Security,
    /// Money.
    Pricing,
    /// Lawyers and procurement.
    Contract,
    /// A pilot or a rollout is planned.
    Rollout,
    /// How the customer does.
    Review,
    /// Before a renewal.
    Renewal,
    /// After something broke.
    Incident,
    /// The vendor among itself.
    Internal,
}

impl Kind {
    /// What calls of the sort are called, after the account's name.
    pub(crate) fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Cold => &["Intro call", "First call"],
            Self::Discovery => &[
                "Discovery call",
                "Discovery with operations",
                "Intro and goals",
            ],
            Self::Demo => &["Product demo", "Relay Core demo", "Demo for the wider team"],
            Self::DeepDive => &[
                "Technical deep dive",
                "Architecture session",
                "Connector workshop",
            ],
            Self::Security => &["Security review", "Security Q&A", "Data protection review"],
            Self::Pricing => &["Pricing discussion", "Proposal walkthrough", "Commercials"],
            Self::Contract => &[
                "Contract review",
                "Legal and procurement sync",
                "Terms and signature",
            ],
            Self::Rollout => &[
                "Pilot planning",
                "Rollout check-in",
                "Implementation kick-off",
            ],
            Self::Review => &[
                "Quarterly business review",
                "Monthly check-in",
                "Usage review",
            ],
            Self::Renewal => &["Renewal planning", "Expansion discussion"],
            Self::Incident => &["Incident review", "Support escalation"],
            Self::Internal => &[
                "Pipeline review",
                "Deal desk sync",
                "Enterprise team meeting",
                "Forecast call",
                "Call coaching session",
            ],
        }
    }

    /// What such a call is about, after the opening and before the next steps.
    pub(crate) fn themes(self) -> &'static [Theme] {
        match self {
            Self::Cold => &[Theme::Process, Theme::Product],
            Self::Discovery => &[Theme::Process, Theme::Integration, Theme::Product],
            Self::Demo => &[Theme::Process, Theme::Product, Theme::Integration],
            Self::DeepDive => &[
                Theme::Integration,
                Theme::Product,
                Theme::Security,
                Theme::Rollout,
            ],
            Self::Security => &[Theme::Security, Theme::Integration],
            Self::Pricing => &[Theme::Pricing, Theme::Product, Theme::Legal],
            Self::Contract => &[Theme::Legal, Theme::Pricing],
            Self::Rollout => &[Theme::Rollout, Theme::Integration, Theme::Process],
            Self::Review => &[Theme::Adoption, Theme::Support, Theme::Rollout],
            Self::Renewal => &[Theme::Adoption, Theme::Pricing, Theme::Legal],
            Self::Incident => &[Theme::Support, Theme::Integration],
            Self::Internal => &[Theme::Pipeline],
        }
    }

    /// What a brief says the call was about.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Cold => "a first look at how {records} move between systems",
            Self::Discovery => "the current process around {records} and what it costs",
            Self::Demo => "{module} on the basis of sample {records}",
            Self::DeepDive => "the architecture around {system} and the handling of {records}",
            Self::Security => "the open questions of the security review",
            Self::Pricing => "the proposal of {amount} and how it is put together",
            Self::Contract => "the open points in the agreement",
            Self::Rollout => "scope, people and dates of the rollout",
            Self::Review => "results since {month} and what is still missing",
            Self::Renewal => "the renewal in {month} and a possible expansion",
            Self::Incident => "the delay of {records} in {month} and what follows from it",
            Self::Internal => "open deals, the forecast and what calls have shown lately",
        }
    }

    /// The kind of call that a deal in this stage gets.
    pub(crate) fn of_stage(stage: usize) -> &'static [Self] {
        match stage {
            0 => &[Self::Cold, Self::Discovery],
            1 => &[Self::Discovery, Self::Demo, Self::Demo],
            2 => &[Self::Demo, Self::DeepDive, Self::Security],
            3 => &[Self::Pricing, Self::Security, Self::DeepDive],
            4 => &[Self::Contract, Self::Pricing, Self::Security],
            5 => &[Self::Rollout, Self::Review],
            _ => &[Self::Discovery, Self::Cold],
        }
    }
}
