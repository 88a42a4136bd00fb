//! Calls as Gong describes them, shared by the tools that read calls:
//! GET /v2/calls and POST /v2/calls/extensive, as far as they are read.

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, Records},
    },
    error::Error,
    gong::{
        call_content::Content,
        crm_object::{Context, CrmObject},
        id::Id,
    },
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::calls::Affiliation,
};

/// OpenAPI `CallBasicData`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta {
    pub(crate) id: Option<Id>,
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) scheduled: Option<String>,
    pub(crate) started: Option<String>,
    pub(crate) duration: Option<f64>,
    pub(crate) primary_user_id: Option<Id>,
    pub(crate) direction: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) workspace_id: Option<Id>,
    pub(crate) is_private: Option<bool>,
}

impl Meta {
    /// The id; empty if Gong gave none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// When it began, in seconds; the planned time where Gong gives no other.
    pub(crate) fn began(&self) -> Option<i64> {
        self.started
            .as_deref()
            .or(self.scheduled.as_deref())
            .and_then(time::parse_instant)
    }

    /// When it began, as shown.
    pub(crate) fn started_shown(&self) -> String {
        self.began()
            .map_or_else(|| "unknown".to_owned(), time::to_display)
    }

    /// Duration in minutes, rounded up.
    pub(crate) fn minutes(&self) -> u32 {
        let seconds = self.duration.unwrap_or(0.0).max(0.0) as u32;
        seconds.div_ceil(60)
    }

    /// Whether it is one of those that are left out by default.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private == Some(true)
    }

    /// The title, without line breaks.
    pub(crate) fn title(&self) -> Option<String> {
        self.title
            .as_deref()
            .map(one_line)
            .filter(|title| !title.is_empty())
    }
}

/// OpenAPI `Party`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
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
    /// The name; else the e-mail; else the phone number.
    pub(crate) fn name(&self) -> Option<String> {
        [&self.name, &self.email_address, &self.phone_number]
            .into_iter()
            .flatten()
            .map(|name| one_line(name))
            .find(|name| !name.is_empty())
    }

    /// Whose side this person is on.
    pub(crate) fn affiliation(&self) -> Affiliation {
        match self.affiliation.as_deref() {
            Some("Internal") => Affiliation::Internal,
            Some("External") => Affiliation::External,
            _ => Affiliation::Unknown,
        }
    }

    /// Whether this person was on the call and not only invited. Who spoke was, and
    /// so was everybody where Gong tells no methods, as on calls by telephone.
    pub(crate) fn attended(&self) -> bool {
        let methods = self.methods.as_deref().unwrap_or_default();
        self.speaker_id.is_some()
            || methods.is_empty()
            || methods.iter().any(|method| method == "Attendee")
    }

    /// CRM objects of this person: a contact, a lead, a user.
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

/// One call (OpenAPI `CallData`), as far as more than one tool reads it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    pub(crate) meta_data: Meta,
    pub(crate) parties: Option<Vec<Party>>,
    pub(crate) context: Option<Vec<Context>>,
    pub(crate) content: Option<Content>,
}

impl Call {
    /// The parties, where Gong has them: imported calls may have none.
    pub(crate) fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().flatten()
    }

    /// CRM objects of one type on the call.
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

    /// Without the CRM fields that nothing here reads, so that thousands can be kept
    /// in a sandbox's memory: a scan holds a window of them.
    pub(crate) fn slim(&mut self) {
        let parties = self.parties.iter_mut().flatten();
        parties
            .filter_map(|party| party.context.as_mut())
            .chain(self.context.as_mut())
            .flatten()
            .flat_map(|context| context.objects.iter_mut().flatten())
            .for_each(CrmObject::slim);
    }

    /// The account as it is now.
    pub(crate) fn account(&self) -> Option<&CrmObject> {
        self.objects("Account")
            .find(|object| !object.is_of_call_time())
            .or_else(|| self.objects("Account").next())
    }

    /// The host's name, if the host is among the parties.
    pub(crate) fn host(&self) -> Option<String> {
        let host = self.meta_data.primary_user_id.as_ref()?;
        self.parties()
            .find(|party| party.user_id.as_ref() == Some(host))?
            .name()
    }

    /// Names of those who are not from the company, each once.
    pub(crate) fn external(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.parties()
            .filter(|party| party.affiliation() == Affiliation::External)
            .filter_map(Party::name)
            .filter(|name| seen.insert(name.clone()))
            .collect()
    }
}

/// A page of POST /v2/calls/extensive.
#[derive(Default, Deserialize)]
pub(crate) struct ExtensivePage {
    pub(crate) records: Option<Records>,
    #[serde(deserialize_with = "required")]
    pub(crate) calls: Option<Vec<Call>>,
}

impl Paged for ExtensivePage {
    type Item = Call;
    fn into_page(self) -> (Option<Records>, Vec<Call>) {
        (self.records, self.calls.unwrap_or_default())
    }
}

/// What POST /v2/calls/extensive is asked to tell about each call.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) context_timing: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exposed_fields: Option<Value>,
}

/// The filter of POST /v2/calls/extensive and /v2/calls/transcript. It is always
/// sent: a bare `{}` body is refused.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace_id: Option<&'a str>,
    /// Never an empty array: Gong refuses that.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) call_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) primary_user_ids: &'a [String],
}

/// A body of POST /v2/calls/extensive or /v2/calls/transcript.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallsBody<'a> {
    /// At top level, beside the filter: elsewhere Gong ignores it and page 1 comes back for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<&'a str>,
    pub(crate) filter: Filter<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_selector: Option<&'a ContentSelector>,
}

/// Link to a moment of a call, with `{s}` for seconds into it, as Gong's own “share a
/// snippet” writes it: `highlights=[{"type":"SHARE","from":…,"to":…}]`.
pub(crate) fn moment_url(url: &str) -> String {
    format!(
        "{url}&highlights=%5B%7B%22type%22%3A%22SHARE%22%2C%22from%22%3A{{s}}%2C%22to%22%3A{{s+30}}%7D%5D"
    )
}

/// Path of POST /v2/calls/extensive.
pub(crate) const EXTENSIVE: &str = "/v2/calls/extensive";

/// One call by id, told as asked, into the caller's own struct.
///
/// # Errors
/// `not-found`, or whatever the request fails with.
pub(crate) fn one<T: DeserializeOwned + Default>(
    gong: &Gong<'_>,
    id: &str,
    selector: &ContentSelector,
) -> Result<T, Error> {
    #[derive(Default, Deserialize)]
    struct One<T> {
        calls: Option<Vec<T>>,
    }
    let body = CallsBody {
        cursor: None,
        filter: Filter {
            call_ids: &[id],
            ..Filter::default()
        },
        content_selector: Some(selector),
    };
    let answer: One<T> = gong.post_list(EXTENSIVE, &body)?;
    answer.calls.into_iter().flatten().next().ok_or_else(|| {
        Error::not_found(format!(
            "Gong has no call with id {id}. It may still be in processing (try again in some minutes), be deleted, or \
             belong to another company. gong_search_calls finds ids."
        ))
    })
}

/// Call ids that one request is asked for.
const IDS_A_REQUEST: usize = 100;

/// What Gong tells of these calls: title, link, and whether they are private.
///
/// # Errors
/// Whatever POST /v2/calls/extensive fails with.
pub(crate) fn by_ids<'a>(
    gong: &Gong<'_>,
    ids: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Meta>, Error> {
    let ids: BTreeSet<&str> = ids.filter(|id| !id.is_empty()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut calls = BTreeMap::new();
    for call_ids in ids.chunks(IDS_A_REQUEST) {
        let selector = ContentSelector::default();
        let mut cursor: Option<String> = None;
        loop {
            let body = CallsBody {
                cursor: cursor.as_deref(),
                filter: Filter {
                    call_ids,
                    ..Filter::default()
                },
                content_selector: Some(&selector),
            };
            let (records, found) = gong
                .post_list::<ExtensivePage>(EXTENSIVE, &body)?
                .into_page();
            calls.extend(
                found
                    .into_iter()
                    .map(|call| (call.meta_data.id().to_owned(), call.meta_data)),
            );
            match records.and_then(|records| records.cursor) {
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => break,
            }
        }
    }
    Ok(calls)
}

/// Refuses a private call unless the settings allow it.
///
/// # Errors
/// `private-call`.
pub(crate) fn admit(gong: &Gong<'_>, call: &Meta) -> Result<(), Error> {
    if call.is_private() && !gong.settings.private_calls {
        return Err(Error::private_call(format!(
            "Call {} is marked private in Gong, and private calls are kept out here. Its participants can open it in \
             Gong. Whoever runs the gateway can allow private calls (GONG_PRIVATE_CALLS=allow).",
            call.id()
        )));
    }
    Ok(())
}

/// The link of every call with `{id}` for its id, if they all have that form.
pub(crate) fn link_pattern<'a>(
    calls: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Option<String> {
    let mut pattern: Option<Cow<'a, str>> = None;
    for (id, url) in calls {
        let Some(url) = url else { continue };
        if id.is_empty() {
            return None;
        }
        let this = url.replace(id, "{id}");
        match &pattern {
            None if this.matches("{id}").count() == 1 => pattern = Some(Cow::Owned(this)),
            Some(known) if *known == this => {}
            _ => return None,
        }
    }
    pattern.map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::{Call, Meta, link_pattern};

    #[test]
    fn links_fold_into_one_pattern_only_if_all_have_it() {
        let same = [
            ("1", Some("https://x/call?id=1")),
            ("2", Some("https://x/call?id=2")),
            ("3", None),
        ];
        assert_eq!(
            link_pattern(same.into_iter()),
            Some("https://x/call?id={id}".into())
        );
        let other = [
            ("1", Some("https://x/call?id=1")),
            ("2", Some("https://y/call?id=2")),
        ];
        assert_eq!(link_pattern(other.into_iter()), None);
        assert_eq!(
            link_pattern([("5", Some("https://x5/5"))].into_iter()),
            None
        );
        assert_eq!(link_pattern(core::iter::empty()), None);
    }

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
        assert_eq!(Meta::default().started_shown(), "unknown");
    }
}
