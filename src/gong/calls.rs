//! Calls in the answers of GET /v2/calls and POST /v2/calls/extensive, as far as several tools read
//! them.

use alloc::collections::BTreeSet;
use serde::{Deserialize, Deserializer};

use crate::{
    client::Gong,
    error::Error,
    gong::{
        call_content::Content,
        crm_id,
        crm_object::{Context, CrmObject},
        id::Id,
    },
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::calls::Affiliation,
};

mod extensive;
mod links;

pub(crate) use extensive::{
    CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter, IDS_A_REQUEST, by_ids, one,
    whole_by_ids,
};
pub(crate) use links::{link_pattern, moment_url};

/// OpenAPI `CallBasicData`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Meta {
    pub(crate) id: Option<Id>,
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    /// In seconds since 1970.
    #[serde(deserialize_with = "instant")]
    pub(crate) scheduled: Option<i64>,
    /// In seconds since 1970.
    #[serde(deserialize_with = "instant")]
    pub(crate) started: Option<i64>,
    pub(crate) duration: Option<f64>,
    pub(crate) primary_user_id: Option<Id>,
    pub(crate) direction: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) workspace_id: Option<Id>,
    pub(crate) is_private: Option<bool>,
}

/// An instant that Gong writes as text; none for what is not an instant.
fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.as_deref().and_then(time::parse_instant))
}

impl Meta {
    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// When it began, in seconds since 1970; the planned time where Gong has no other.
    pub(crate) fn began(&self) -> Option<i64> {
        self.started.or(self.scheduled)
    }

    /// When it began, as answers show it.
    pub(crate) fn started_display(&self) -> String {
        self.began()
            .map_or_else(|| "unknown".to_owned(), time::to_display)
    }

    /// Whether somebody from outside is on it.
    pub(crate) fn is_external(&self) -> bool {
        let scope = self.scope.as_deref();
        scope.is_some_and(|scope| scope.eq_ignore_ascii_case("External"))
    }

    /// Duration in minutes, rounded up.
    pub(crate) fn minutes(&self) -> u32 {
        let seconds = self.duration.unwrap_or(0.0).max(0.0) as u32;
        seconds.div_ceil(60)
    }

    /// Whether it is private: the settings decide whether tools show private calls.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private == Some(true)
    }

    /// The title on one line.
    pub(crate) fn title(&self) -> Option<String> {
        self.title
            .as_deref()
            .map(one_line)
            .filter(|title| !title.is_empty())
    }
}

/// What somebody is called of whom Gong has neither name nor address nor number.
pub(crate) const NAMELESS: &str = "without a name";

/// OpenAPI `Party`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
    pub(crate) id: Option<Id>,
    pub(crate) email_address: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) user_id: Option<Id>,
    pub(crate) speaker_id: Option<Id>,
    pub(crate) context: Option<Vec<Context>>,
    pub(crate) affiliation: Option<String>,
    pub(crate) phone_number: Option<String>,
    /// `Invitee`, `Attendee` or both.
    pub(crate) methods: Option<Vec<String>>,
}

impl Party {
    /// The name; else the e-mail address; else the phone number.
    pub(crate) fn name(&self) -> Option<String> {
        [&self.name, &self.email_address, &self.phone_number]
            .into_iter()
            .flatten()
            .map(|name| one_line(name))
            .find(|name| !name.is_empty())
    }

    /// Whether an id of somebody who spoke is this person's: Gong has up to three for each.
    pub(crate) fn is(&self, speaker: &Id) -> bool {
        [&self.speaker_id, &self.id, &self.user_id].contains(&&Some(speaker.clone()))
    }

    /// Whether this person is from the company.
    pub(crate) fn affiliation(&self) -> Affiliation {
        match self.affiliation.as_deref() {
            Some("Internal") => Affiliation::Internal,
            Some("External") => Affiliation::External,
            _ => Affiliation::Unknown,
        }
    }

    /// Whether this person was on the call and not only invited. A person who spoke was, and so was
    /// everybody where Gong sends no methods, as for calls by telephone.
    pub(crate) fn attended(&self) -> bool {
        let methods = self.methods.as_deref().unwrap_or_default();
        self.speaker_id.is_some()
            || methods.is_empty()
            || methods.iter().any(|method| method == "Attendee")
    }

    /// The CRM objects of this person: a contact, a lead, a user.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &CrmObject> {
        self.context
            .iter()
            .flatten()
            .flat_map(|context| context.objects.iter().flatten())
    }

    /// The domain of the e-mail address, in lower case.
    pub(crate) fn domain(&self) -> Option<String> {
        let (_, domain) = self.email_address.as_deref()?.rsplit_once('@')?;
        Some(fold_case(domain))
    }
}

/// One call (OpenAPI `CallData`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    pub(crate) meta_data: Meta,
    pub(crate) parties: Option<Vec<Party>>,
    pub(crate) context: Option<Vec<Context>>,
    pub(crate) content: Option<Content>,
}

impl Call {
    /// The parties; imported calls may have none.
    pub(crate) fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().flatten()
    }

    /// The CRM objects of one type on the call.
    pub(crate) fn objects<'c>(
        &'c self,
        object_type: &'c str,
    ) -> impl Iterator<Item = &'c CrmObject> {
        self.context
            .iter()
            .flatten()
            .flat_map(|context| context.objects.iter().flatten())
            .filter(move |object| object.object_type.as_deref() == Some(object_type))
    }

    /// Drops the CRM fields that nothing reads, so that a sandbox's memory can hold thousands of calls.
    pub(crate) fn slim(&mut self) {
        let parties = self.parties.iter_mut().flatten();
        parties
            .filter_map(|party| party.context.as_mut())
            .chain(self.context.as_mut())
            .flatten()
            .flat_map(|context| context.objects.iter_mut().flatten())
            .for_each(CrmObject::slim);
    }

    /// The first account, as it is now if Gong has that.
    pub(crate) fn account(&self) -> Option<&CrmObject> {
        self.objects("Account")
            .find(|object| !object.is_of_call_time())
            .or_else(|| self.objects("Account").next())
    }

    /// The id of [`account`](Self::account), the same in both forms that it may have.
    pub(crate) fn account_key(&self) -> Option<String> {
        let account = self.account();
        account.map(|account| crm_id::key(account.id()).to_owned())
    }

    /// The host's name, if the host is among the parties.
    pub(crate) fn host(&self) -> Option<String> {
        let host = self.meta_data.primary_user_id.as_ref()?;
        self.parties()
            .find(|party| party.user_id.as_ref() == Some(host))?
            .name()
    }

    /// Names of the people from outside the company, each once, and how many have none.
    pub(crate) fn external(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let people = self.parties();
        let external = people.filter(|party| party.affiliation() == Affiliation::External);
        let (named, nameless): (Vec<_>, Vec<_>) =
            external.map(Party::name).partition(Option::is_some);
        let named = named.into_iter().flatten();
        let nameless = match nameless.len() {
            0 => None,
            nameless => Some(format!("{nameless} {NAMELESS}")),
        };
        named
            .filter(|name| seen.insert(name.clone()))
            .chain(nameless)
            .collect()
    }
}

/// Whether the settings let answers show the call.
pub(crate) fn is_shown(gong: &Gong<'_>, call: &Meta) -> bool {
    gong.settings.private_calls || !call.is_private()
}

/// Fails for a private call unless the settings allow private calls.
///
/// # Errors
/// `private-call`.
pub(crate) fn check_private(gong: &Gong<'_>, call: &Meta) -> Result<(), Error> {
    if !is_shown(gong, call) {
        return Err(Error::private_call(format!(
            "Call {} is marked private in Gong, and private calls are kept out here. Its participants can open it in \
             Gong. Whoever runs the gateway can allow private calls (GONG_PRIVATE_CALLS=allow).",
            call.id()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Call, Meta};

    #[test]
    fn nulls_and_missing_members_are_no_error() {
        let call: Call = serde_json::from_str(
            r#"{"metaData":{"id":"1","title":null,"started":null,"duration":61,"isPrivate":null},"parties":null,"context":null,"new":[1]}"#,
        )
        .expect("call");
        assert_eq!(
            (
                call.meta_data.minutes(),
                call.parties().count(),
                call.host()
            ),
            (2, 0, None)
        );
        assert_eq!(Meta::default().started_display(), "unknown");
    }
}
