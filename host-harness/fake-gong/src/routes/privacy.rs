//! `/v2/data-privacy/*`: what refers to an email address or a telephone number, and the
//! erasure of the person who has it. Both are in the query, and there is no body.

use http::Method;
use serde_json::{Map, Value, json};

use crate::company::calls::Identity;
use crate::company::{Account, Contact, references};
use crate::gong::Gong;
use crate::operation::{Operation, Run, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

const READ: &str = "api:data-privacy:read";
const DELETE: &str = "api:data-privacy:delete";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/data-privacy/data-for-email-address", READ, of_email),
    Operation::get("/v2/data-privacy/data-for-phone-number", READ, of_phone),
    erase("/v2/data-privacy/erase-data-for-email-address", erase_email),
    erase("/v2/data-privacy/erase-data-for-phone-number", erase_phone),
];

const fn erase(path: &'static str, run: Run) -> Operation {
    Operation::write(Method::POST, path, DELETE, Takes::Nothing, run)
}

/// An address that nobody has refers to nothing; that is no error.
fn of_email(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let email = email(gong, request)?;
    let people = people(gong, |contact| contact.email.eq_ignore_ascii_case(email));
    let mut references = references(gong, &people);
    let events = gong.state.events.lock().of(email);
    references.insert("customerEngagement".to_owned(), events.into());
    Ok(Value::from(references).into())
}

fn of_phone(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let (phone, digits) = phone(request)?;
    let people = people(gong, |contact| self::digits(&contact.phone) == digits);
    let mut references = references(gong, &people);
    let all = people.iter();
    let phones: Value = all.clone().map(|(_, contact)| &*contact.phone).collect();
    let emails: Value = all.map(|(_, contact)| &*contact.email).collect();
    references.insert("suppliedPhoneNumber".to_owned(), phone.into());
    references.insert("matchingPhoneNumbers".to_owned(), phones);
    references.insert("emailAddresses".to_owned(), emails);
    Ok(Value::from(references).into())
}

fn erase_email(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let email = email(gong, request)?;
    gong.erase(email);
    Ok(json!({}).into())
}

fn erase_phone(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let (_, digits) = phone(request)?;
    let people = people(gong, |contact| self::digits(&contact.phone) == digits);
    for (_, contact) in people {
        gong.erase(&contact.email);
    }
    Ok(json!({}).into())
}

/// The query's `emailAddress`, which must not be a user's.
fn email<'a>(gong: &Gong, request: &'a ApiRequest) -> Result<&'a str, ApiError> {
    let email = request.required_query("emailAddress")?;
    let is_address = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    if !is_address || email.contains(char::is_whitespace) {
        return Err(ApiError::bad_request(format!(
            "emailAddress: \"{email}\" is not an email address"
        )));
    }
    if gong.company.user_by_email(email).is_some() {
        return Err(ApiError::bad_request(format!(
            "emailAddress: {email} is the address of a user of the company"
        )));
    }
    Ok(email)
}

/// The query's `phoneNumber`, and its digits. A plus that is not encoded arrives as a blank.
fn phone(request: &ApiRequest) -> Result<(&str, String), ApiError> {
    let phone = request.required_query("phoneNumber")?;
    let digits = digits(phone);
    match phone.starts_with('+') && !digits.is_empty() {
        true => Ok((phone, digits)),
        false => Err(ApiError::bad_request(format!(
            "phoneNumber: \"{phone}\" must start with a + (plus) sign followed by the country code"
        ))),
    }
}

/// What counts of a telephone number.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// The people at customers who fit, with their accounts.
fn people(gong: &Gong, fits: impl Fn(&Contact) -> bool) -> Vec<(&Account, &Contact)> {
    let accounts = gong.company.accounts.iter();
    let people = accounts.flat_map(|account| account.people.iter().map(move |one| (account, one)));
    people
        .filter(|(_, contact)| {
            fits(contact) && !gong.remaining().is_erased_prospect(&contact.crm_id)
        })
        .collect()
}

/// What refers to these people.
fn references(gong: &Gong, people: &[(&Account, &Contact)]) -> Map<String, Value> {
    let company = &gong.company;
    let (mut emails, mut calls, mut meetings) = (Vec::new(), Vec::new(), Vec::new());
    let mut objects = Vec::new();
    for (account, contact) in people {
        emails.extend(references::emails(company, account, contact));
        meetings.extend(references::meetings(company, contact));
        objects.push(references::customer(company, account, contact));
        let place = account
            .people
            .iter()
            .position(|one| one.email == contact.email);
        let accounts = &mut company.accounts.iter();
        let of_account = accounts.position(|one| one.crm_id == account.crm_id);
        let of_account = of_account.map(|account| gong.calls_of(account));
        let on = of_account.into_iter().flatten().filter(|call| {
            let is_there =
                |identity| place.is_some_and(|place| identity == Identity::Contact(place));
            call.parties.iter().any(|party| is_there(party.identity))
        });
        calls.extend(on.map(|call| references::call(&call)));
    }
    let data = match objects.is_empty() {
        true => json!([]),
        false => json!([{ "system": "Salesforce", "objects": objects }]),
    };
    let fields = [
        ("emails", emails.into()),
        ("calls", calls.into()),
        ("meetings", meetings.into()),
        ("customerData", data),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
