//! `gong_find_personal_data`. GET /v2/data-privacy/data-for-email-address and
//! /data-for-phone-number; api:data-privacy:read. Gong refuses addresses of the company's own
//! users, returns everything in one answer (about 100 kB for one contact), and of e-mails neither
//! subject nor body.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::{
        list_part::{offset, offset_token},
        validate,
    },
    error::{Error, bad_argument},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    tools::limit,
    wit::privacy::{
        CallReference, CrmReference, EmailReference, EngagementReference, FindPersonalData,
        PersonalData,
    },
};

/// The address whose data is looked up.
pub(super) enum Subject {
    Email(String),
    Phone(String),
}

impl Subject {
    /// From exactly one of the two arguments.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(super) fn read(email: Option<&str>, phone: Option<&str>) -> Result<Self, Error> {
        match (email, phone) {
            (Some(email), None) => validate::email("email", email).map(Self::Email),
            (None, Some(phone)) => validate::phone("phone", phone).map(Self::Phone),
            _ => Err(bad_argument(
                "email",
                "exactly one of email and phone says whose data is meant.",
                "{\"email\": \"jo.ray@acme.example\"} or {\"phone\": \"+1 415 555 0123\"}.",
            )),
        }
    }

    /// The e-mail address or phone number.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }

    /// Gong's name for the query parameter.
    pub(super) fn parameter(&self) -> &'static str {
        match self {
            Self::Email(_) => "emailAddress",
            Self::Phone(_) => "phoneNumber",
        }
    }

    /// All data that Gong has for it.
    ///
    /// # Errors
    /// Any error of the request.
    pub(super) fn look_up(&self, gong: &Gong<'_>) -> Result<Value, Error> {
        let path = match self {
            Self::Email(_) => "/v2/data-privacy/data-for-email-address",
            Self::Phone(_) => "/v2/data-privacy/data-for-phone-number",
        };
        let ApiResponse(answer) = gong.get_list(path, &[(self.parameter(), Some(self.text()))])?;
        Ok(answer)
    }
}

/// How many references of each kind an answer has: `2 calls, 1 e-mail`.
pub(super) fn counts(answer: &Value) -> String {
    let count = |noun: &str, key: &str, number: usize| {
        // Answers for a phone number do not have all kinds.
        let has_kind = answer.get(key).is_some();
        has_kind.then(|| render::count(number as u32, noun))
    };
    let kinds: Vec<String> = [
        count("call", "calls", answer.items("calls").len()),
        count("e-mail", "emails", answer.items("emails").len()),
        count("meeting", "meetings", answer.items("meetings").len()),
        count("CRM object", "customerData", crm_objects(answer).count()),
        count(
            "engagement event",
            "customerEngagement",
            answer.items("customerEngagement").len(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if kinds.is_empty() {
        return "nothing".into();
    }
    kinds.join(", ")
}

/// The CRM objects, each with its system.
fn crm_objects(answer: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let systems = answer.items("customerData").iter();
    systems.flat_map(|system| {
        let objects = system.items("objects").iter();
        objects.map(move |object| (system, object))
    })
}

/// One request; `found` counts everything, the lists have a page of each kind.
pub(crate) fn run(gong: &Gong<'_>, args: FindPersonalData) -> Result<PersonalData, Error> {
    let subject = Subject::read(args.email.as_deref(), args.phone.as_deref())?;
    let limit = limit(args.limit, 20, 100)?;
    let skip = offset(args.resume.as_deref())?;
    let answer = subject.look_up(gong)?;
    let longest = [
        answer.items("calls").len(),
        answer.items("emails").len(),
        answer.items("meetings").len(),
        crm_objects(&answer).count(),
        answer.items("customerEngagement").len(),
    ]
    .into_iter()
    .max()
    .unwrap_or_default();
    let page = |kind: &str| answer.items(kind).iter().skip(skip).take(limit);
    Ok(PersonalData {
        found: counts(&answer),
        matching_phones: answer.texts("matchingPhoneNumbers"),
        matching_emails: answer.texts("emailAddresses"),
        calls: page("calls").map(call).collect(),
        emails: page("emails").map(email).collect(),
        meetings: page("meetings")
            .filter_map(|meeting| meeting.id("id"))
            .collect(),
        crm: crm_objects(&answer)
            .skip(skip)
            .take(limit)
            .map(|(system, object)| CrmReference {
                system: system.text("system"),
                kind: object.text("objectType"),
                id: object.id("externalId"),
            })
            .collect(),
        engagement: page("customerEngagement").map(event).collect(),
        resume: offset_token(gong, skip + limit, longest),
        requests: gong.requests(),
        subject: subject.text().into(),
    })
}

fn call(call: &Value) -> CallReference {
    CallReference {
        id: call.id("id").unwrap_or_default(),
        status: call.text("status"),
    }
}

fn email(email: &Value) -> EmailReference {
    EmailReference {
        id: email.id("id").unwrap_or_default(),
        sent: email.instant("sentTime"),
        from: email.text("from"),
        mailbox: email.text("mailbox"),
    }
}

fn event(event: &Value) -> EngagementReference {
    EngagementReference {
        kind: event.text("eventType"),
        at: event.instant("timestamp"),
        name: event.text("eventName"),
        system: event.text("reportingSystem"),
        content: event.text("contentUrl").or_else(|| event.id("contentId")),
        id: event.id("sourceEventId"),
    }
}

impl Answer for PersonalData {
    fn text(&self) -> String {
        let mut text = format!("{}: {}.\n", self.subject, self.found);
        render::list(&mut text, "Numbers that match", &self.matching_phones, ", ");
        render::list(&mut text, "Addresses of them", &self.matching_emails, ", ");
        let mut calls = Table::new(["call", "status"]);
        for call in &self.calls {
            calls.row([call.id.clone(), cell(&call.status)]);
        }
        calls.write(&mut text);
        let mut emails = Table::new(["e-mail", "sent", "from", "mailbox"]);
        for email in &self.emails {
            emails.row([
                email.id.clone(),
                cell(&email.sent),
                cell(&email.from),
                cell(&email.mailbox),
            ]);
        }
        emails.write(&mut text);
        render::list(&mut text, "Meetings", &self.meetings, ", ");
        let mut crm = Table::new(["CRM", "type", "id"]);
        for object in &self.crm {
            crm.row([cell(&object.system), cell(&object.kind), cell(&object.id)]);
        }
        crm.write(&mut text);
        let mut engagement = Table::new(["engagement", "at", "name", "system", "content", "id"]);
        for event in &self.engagement {
            engagement.row([
                cell(&event.kind),
                cell(&event.at),
                cell(&event.name),
                cell(&event.system),
                cell(&event.content),
                cell(&event.id),
            ]);
        }
        engagement.write(&mut text);
        if let Some(resume) = &self.resume {
            text.push_str("There are more of the longer lists; go on with ");
            render::line(&mut text, "resume", Some(resume));
        }
        render::requests(&mut text, self.requests);
        text
    }
}
