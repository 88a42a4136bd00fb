//! Calls as Gong describes them, shared by the tools that read calls:
//! GET /v2/calls and POST /v2/calls/extensive, as far as they are read.

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Gong, Paged, Records, content::Content, id::Id, reading::number, required};
use crate::{
    error::Error,
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::calls::Side,
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
    pub(crate) fn side(&self) -> Side {
        match self.affiliation.as_deref() {
            Some("Internal") => Side::Company,
            Some("External") => Side::Customer,
            _ => Side::Unknown,
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

/// OpenAPI `CallContextDto` and `PartyContextDto`: links to one external system.
#[derive(Default, Deserialize)]
pub(crate) struct Context {
    pub(crate) objects: Option<Vec<CrmObject>>,
}

/// OpenAPI `ExternalCallObject` and `ExternalPartyObject`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CrmObject {
    pub(crate) object_type: Option<String>,
    pub(crate) object_id: Option<Id>,
    pub(crate) timing: Option<String>,
    pub(crate) fields: Option<Vec<Field>>,
}

/// OpenAPI `ContextField`; the value is whatever the CRM has.
#[derive(Default, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<Value>,
}

impl Field {
    /// The value as text, if there is any.
    pub(crate) fn text(&self) -> Option<String> {
        let text = match self.value.as_ref()? {
            Value::Null => return None,
            Value::String(text) => one_line(text),
            Value::Number(number) => without_zero_decimals(number.to_string()),
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl CrmObject {
    /// The id; empty if Gong gave none.
    pub(crate) fn id(&self) -> &str {
        self.object_id.as_ref().map_or("", |id| &id.0)
    }

    /// The first field with one of these names (lower case), as CRMs name it differently.
    pub(crate) fn field(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|wanted| {
            self.fields
                .iter()
                .flatten()
                .find(|field| {
                    field
                        .name
                        .as_deref()
                        .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
                })?
                .text()
        })
    }

    /// The name: Salesforce and Dynamics say `Name`, HubSpot `dealname`.
    pub(crate) fn name(&self) -> Option<String> {
        self.field(&["name", "dealname"])
    }

    /// A deal's stage.
    pub(crate) fn stage(&self) -> Option<String> {
        self.field(&["stagename", "dealstage", "stage", "stepname"])
    }

    /// A deal's amount, as the CRM writes it, without needless decimals.
    pub(crate) fn amount(&self) -> Option<String> {
        self.field(&["amount", "estimatedvalue"])
            .map(without_zero_decimals)
    }

    /// A deal's expected close: a date.
    pub(crate) fn close_date(&self) -> Option<String> {
        let text = self.field(&["closedate", "estimatedclosedate"])?;
        Some(match text.split_once('T') {
            Some((date, _)) if date.len() == 10 => date.to_owned(),
            _ => text,
        })
    }

    /// A deal's probability in percent. HubSpot's is a fraction.
    pub(crate) fn probability(&self) -> Option<String> {
        let percent = self.field(&["probability", "closeprobability"]);
        let fraction = || {
            let fraction = number(&self.field(&["hs_deal_stage_probability"])?)?;
            Some(format!("{}", (fraction * 1000.0) as i64 / 10))
        };
        percent.map(without_zero_decimals).or_else(fraction)
    }

    /// The CRM's owner of a deal: an id or a name, whichever it has.
    pub(crate) fn owner(&self) -> Option<String> {
        self.field(&[
            "owner",
            "ownername",
            "owner.name",
            "ownerid",
            "hubspot_owner_id",
        ])
    }

    /// What the seller wrote down as next: Salesforce's field, HubSpot's, a usual custom one.
    pub(crate) fn next_step(&self) -> Option<String> {
        self.field(&["nextstep", "hs_next_step", "next_step__c"])
    }

    /// An account's website or domain, as the CRM writes it.
    pub(crate) fn website(&self) -> Option<String> {
        self.field(&["website", "domain", "websiteurl"])
    }

    /// An account's industry.
    pub(crate) fn industry(&self) -> Option<String> {
        self.field(&["industry", "industrycode"])
    }

    /// A contact's part in buying: companies keep it in fields of their own.
    pub(crate) fn role(&self) -> Option<String> {
        self.fields
            .iter()
            .flatten()
            .filter(|field| field.name.as_deref().is_some_and(is_role))
            .find_map(Field::text)
    }

    /// Drops the fields that nothing here reads: companies have hundreds of them.
    fn slim(&mut self) {
        if let Some(fields) = &mut self.fields {
            fields.retain(|field| {
                field.name.as_deref().is_some_and(|name| {
                    is_role(name) || READ.iter().any(|read| read.eq_ignore_ascii_case(name))
                })
            });
            fields.shrink_to_fit();
        }
    }

    /// Whether this is how the object was when the call was held.
    pub(crate) fn is_of_call_time(&self) -> bool {
        self.timing.as_deref() == Some("TimeOfCall")
    }
}

/// The fields that the methods of [`CrmObject`] read, in lower case.
const READ: [&str; 26] = [
    "name",
    "dealname",
    "stagename",
    "dealstage",
    "stage",
    "stepname",
    "amount",
    "estimatedvalue",
    "closedate",
    "estimatedclosedate",
    "probability",
    "closeprobability",
    "hs_deal_stage_probability",
    "owner",
    "ownername",
    "owner.name",
    "ownerid",
    "hubspot_owner_id",
    "nextstep",
    "hs_next_step",
    "next_step__c",
    "website",
    "domain",
    "websiteurl",
    "industry",
    "industrycode",
];

fn is_role(field: &str) -> bool {
    field.to_ascii_lowercase().contains("role")
}

fn without_zero_decimals(number: String) -> String {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        _ => number,
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
            .filter(|party| party.side() == Side::Customer)
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
    use super::{Call, CrmObject, Meta, link_pattern};

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
    fn the_fields_of_three_crms_are_read() {
        let object = |json: &str| serde_json::from_str::<CrmObject>(json).expect("object");
        let salesforce = object(
            r#"{"objectId":"006","fields":[{"name":"Name","value":"Acme 2026"},{"name":"StageName","value":"Closed"},
            {"name":"Amount","value":120000.0},{"name":"CloseDate","value":"2026-12-01"},{"name":"Probability","value":70.5}]}"#,
        );
        assert_eq!(salesforce.name().as_deref(), Some("Acme 2026"));
        assert_eq!(salesforce.amount().as_deref(), Some("120000"));
        assert_eq!(salesforce.probability().as_deref(), Some("70.5"));
        let hubspot = object(
            r#"{"objectId":17,"fields":[{"name":"dealname","value":"B"},{"name":"dealstage","value":"won"},
            {"name":"closedate","value":"2026-12-01T00:00:00Z"},{"name":"amount","value":null}]}"#,
        );
        assert_eq!(hubspot.id(), "17");
        assert_eq!(hubspot.stage().as_deref(), Some("won"));
        assert_eq!(hubspot.close_date().as_deref(), Some("2026-12-01"));
        assert_eq!(hubspot.amount(), None);
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
