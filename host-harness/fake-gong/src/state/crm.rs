//! The generic CRM that a customer uploads itself: its integration, schema and objects.
//!
//! The invented company starts without one. That its Salesforce would stand in the way at the
//! real Gong is overlooked, as otherwise none of it could be tried.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::instants;

/// How many errors of an upload are listed.
const MOST_ERRORS: usize = 20;

/// The sorts of objects that have a schema and can be read.
pub(crate) const READABLE: [&str; 4] = ["ACCOUNT", "CONTACT", "DEAL", "LEAD"];

/// The sorts of objects that can be uploaded.
pub(crate) const UPLOADABLE: [&str; 6] = [
    "ACCOUNT",
    "CONTACT",
    "DEAL",
    "LEAD",
    "BUSINESS_USER",
    "STAGE",
];

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Crm {
    integration: Option<Integration>,
    /// How many integrations there were, so that each has an id of its own.
    registered: usize,
    requests: Vec<Request>,
}

/// The one integration that there can be.
#[derive(Debug)]
struct Integration {
    id: u64,
    owner_email: String,
    name: String,
    schema: BTreeMap<String, Vec<Value>>,
    objects: BTreeMap<(String, String), Map<String, Value>>,
}

/// Work that goes on after its answer.
#[derive(Debug)]
struct Request {
    integration: u64,
    client_request_id: String,
    work: Work,
    polls: usize,
    errors: Vec<(usize, String)>,
    successes: usize,
}

#[derive(Debug)]
enum Work {
    Delete,
    Upload { sort: String, file: Vec<u8> },
}

impl Crm {
    /// The integration as it is listed: one or none.
    pub(crate) fn integrations(&self) -> Value {
        let integrations = self.integration.iter();
        integrations
            .map(|integration| {
                json!({
                    "integrationId": integration.id,
                    "ownerEmail": integration.owner_email,
                    "name": integration.name,
                })
            })
            .collect()
    }

    /// Registers the integration; `None` where there is one. `id` makes an id of a number.
    pub(crate) fn register(
        &mut self,
        owner_email: &str,
        name: &str,
        id: impl Fn(usize) -> u64,
    ) -> Option<u64> {
        if self.integration.is_some() {
            return None;
        }
        let id = id(self.registered);
        self.registered += 1;
        self.integration = Some(Integration {
            id,
            owner_email: owner_email.to_owned(),
            name: name.to_owned(),
            schema: BTreeMap::new(),
            objects: BTreeMap::new(),
        });
        Some(id)
    }

    /// Whether this is the integration's id.
    pub(crate) fn has(&self, id: u64) -> bool {
        self.integration
            .as_ref()
            .is_some_and(|integration| integration.id == id)
    }

    /// Whether a `clientRequestId` was used before.
    pub(crate) fn is_used(&self, client_request_id: &str) -> bool {
        let mut requests = self.requests.iter();
        requests.any(|request| request.client_request_id == client_request_id)
    }

    /// Takes in that the integration is to be deleted, with all its objects.
    pub(crate) fn delete(&mut self, integration: u64, client_request_id: &str) {
        self.take(integration, client_request_id, Work::Delete);
    }

    /// Takes in a file whose lines are looked at later.
    pub(crate) fn upload(
        &mut self,
        integration: u64,
        client_request_id: &str,
        sort: &str,
        file: &[u8],
    ) {
        let work = Work::Upload {
            sort: sort.to_owned(),
            file: file.to_vec(),
        };
        self.take(integration, client_request_id, work);
    }

    fn take(&mut self, integration: u64, client_request_id: &str, work: Work) {
        self.requests.push(Request {
            integration,
            client_request_id: client_request_id.to_owned(),
            work,
            polls: 0,
            errors: Vec::new(),
            successes: 0,
        });
    }

    /// The status of a request: pending at the first question, then in progress, and done at the
    /// third. `None` if there is no such request.
    pub(crate) fn poll(&mut self, integration: u64, client_request_id: &str) -> Option<Value> {
        let place = self.requests.iter().position(|request| {
            request.integration == integration && request.client_request_id == client_request_id
        })?;
        self.requests[place].polls += 1;
        if self.requests[place].polls == 3 {
            self.work(place);
        }
        let request = &self.requests[place];
        let status = match request.polls {
            1 => "PENDING",
            2 => "IN_PROGRESS",
            _ if request.errors.is_empty() => "DONE",
            _ => "FAILED",
        };
        let errors = request.errors.iter().take(MOST_ERRORS);
        let errors: Value = errors
            .map(|(line, description)| json!({ "line": line, "description": description }))
            .collect();
        Some(json!({
            "status": status,
            "errors": errors,
            "totalErrorCount": request.errors.len(),
            "totalSuccessCount": request.successes,
        }))
    }

    fn work(&mut self, place: usize) {
        let request = &mut self.requests[place];
        let integration = self.integration.as_mut();
        let integration = integration.filter(|integration| integration.id == request.integration);
        match (&request.work, integration) {
            (Work::Delete, Some(_)) => {
                self.integration = None;
                request.successes = 1;
            }
            (Work::Delete, None) => request.successes = 1,
            (Work::Upload { .. }, None) => {
                request.errors = vec![(0, "The integration was deleted".to_owned())];
            }
            (Work::Upload { sort, file }, Some(integration)) => {
                (request.successes, request.errors) = integration.store(sort, file);
            }
        }
    }

    /// The schema of one type of object, or of all.
    pub(crate) fn schema(&self, sort: Option<&str>) -> Value {
        let of = |sort: &str| {
            let schema = self.integration.iter();
            let fields = schema.filter_map(|integration| integration.schema.get(sort));
            (sort.to_owned(), json!(fields.flatten().collect::<Vec<_>>()))
        };
        let sorts = READABLE.iter();
        let sorts = sorts.filter(|known| sort.is_none_or(|sort| sort == **known));
        let schema: Map<String, Value> = sorts.map(|sort| of(sort)).collect();
        schema.into()
    }

    /// Sets the schema of one type of object. Every field that was there must be among the new
    /// ones, be it to be deleted; the name of one that is not is the error. Who deletes a field
    /// or changes its type loses its values.
    pub(crate) fn set_schema(&mut self, sort: &str, fields: &[Value]) -> Result<(), String> {
        let Some(integration) = &mut self.integration else {
            return Ok(());
        };
        let old = integration.schema.remove(sort).unwrap_or_default();
        let same = |field: &Value, other: &Value| field["uniqueName"] == other["uniqueName"];
        let lost = old
            .iter()
            .find(|field| !fields.iter().any(|new| same(field, new)));
        if let Some(lost) = lost {
            let name = lost["uniqueName"].as_str().unwrap_or_default().to_owned();
            integration.schema.insert(sort.to_owned(), old);
            return Err(name);
        }
        for field in fields {
            let before = old.iter().find(|old| same(old, field));
            let is_other = before.is_some_and(|before| before["type"] != field["type"]);
            let name = field["uniqueName"].as_str().unwrap_or_default();
            if is_other || field["isDeleted"] == true {
                let objects = integration.objects.iter_mut();
                for (_, object) in objects.filter(|((of, _), _)| of == sort) {
                    object.remove(name);
                }
            }
        }
        let kept = fields.iter().filter(|field| field["isDeleted"] != true);
        integration
            .schema
            .insert(sort.to_owned(), kept.cloned().collect());
        Ok(())
    }

    /// Objects by their ids; null where there is none.
    pub(crate) fn objects(&self, sort: &str, ids: &[&str]) -> Value {
        let find = |id: &str| {
            let key = (sort.to_owned(), id.to_owned());
            let integration = self.integration.as_ref()?;
            integration.objects.get(&key).cloned().map(Value::from)
        };
        let objects: Map<String, Value> = ids
            .iter()
            .map(|id| ((*id).to_owned(), find(id).unwrap_or_default()))
            .collect();
        objects.into()
    }
}

impl Integration {
    /// Stores the good lines of a file. How many they are, and what is wrong with the others,
    /// by line from 1; line 0 is the whole file.
    fn store(&mut self, sort: &str, file: &[u8]) -> (usize, Vec<(usize, String)>) {
        let Ok(text) = std::str::from_utf8(file) else {
            return (0, vec![(0, "The file is not UTF-8".to_owned())]);
        };
        let lines = text.lines().zip(1..);
        let lines: Vec<(&str, usize)> = lines.filter(|(line, _)| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return (0, vec![(0, "The file is empty".to_owned())]);
        }
        let (mut successes, mut errors) = (0, Vec::new());
        let mut seen = BTreeSet::new();
        for (line, number) in lines {
            let object = self.read(sort, line).and_then(|(id, object)| {
                // A record that changes twice must come in two files.
                match seen.insert(id.clone()) {
                    true => Ok((id, object)),
                    false => Err(format!("objectId: \"{id}\" is there twice")),
                }
            });
            match object {
                Err(description) => errors.push((number, description)),
                Ok((id, object)) => {
                    successes += 1;
                    let key = (sort.to_owned(), id);
                    match object {
                        Some(object) => self.objects.insert(key, object),
                        None => self.objects.remove(&key),
                    };
                }
            }
        }
        (successes, errors)
    }

    /// One line: the object's id, and the object unless it is to be deleted. Fields that the
    /// schema does not have are dropped without a word.
    fn read(&self, sort: &str, line: &str) -> Result<(String, Option<Map<String, Value>>), String> {
        let object: Value =
            serde_json::from_str(line).map_err(|error| format!("malformed JSON: {error}"))?;
        let Value::Object(mut object) = object else {
            return Err("must be a JSON object".to_owned());
        };
        let id = match object.get("objectId") {
            Some(Value::String(id)) if is_object_id(id) => id.clone(),
            Some(Value::Null) | None => return Err("objectId: must not be null".to_owned()),
            Some(id) => {
                return Err(format!(
                    "objectId: {id} is not up to 64 letters, digits and dashes, or an email address"
                ));
            }
        };
        let is_deleted = match object.get("isDeleted") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(is_deleted)) => *is_deleted,
            Some(_) => return Err("isDeleted: must be true or false".to_owned()),
        };
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        // Gong's table of the stage is the only one without the date.
        if sort != "STAGE" || object.contains_key("modifiedDate") {
            match text("modifiedDate") {
                None => return Err("modifiedDate: must not be null".to_owned()),
                Some(date) if !is_date_time(date) => {
                    return Err(format!(
                        "modifiedDate: \"{date}\" is not a date and time in ISO-8601 without milliseconds"
                    ));
                }
                Some(_) => {}
            }
        }
        let (standard, needed) = standard(sort);
        if !is_deleted && let Some(needed) = needed.filter(|needed| text(needed).is_none()) {
            return Err(format!("{needed}: must not be null"));
        }
        if let Some(status) = text("status").filter(|_| sort == "DEAL")
            && !["WON", "LOST", "OPEN"].contains(&status)
        {
            return Err(format!(
                "status: \"{status}\" is not one of WON, LOST, OPEN"
            ));
        }
        let own = self.schema.get(sort).map(Vec::as_slice).unwrap_or_default();
        for field in own {
            let name = field["uniqueName"].as_str().unwrap_or_default();
            let value = object.get(name).filter(|value| !value.is_null());
            if value.is_some_and(|value| !fits(field, value)) {
                let kind = field["type"].as_str().unwrap_or_default();
                return Err(format!("{name}: must be a {kind}"));
            }
        }
        if is_deleted {
            return Ok((id, None));
        }
        object.retain(|name, _| {
            COMMON.contains(&name.as_str())
                || standard.contains(&name.as_str())
                || own.iter().any(|field| field["uniqueName"] == *name)
        });
        let mut default = |name: &str, value: Value| {
            let field = object.entry(name).or_insert(Value::Null);
            if field.is_null() {
                *field = value;
            }
        };
        match sort {
            "ACCOUNT" => default("name", format!("Account_#{id}").into()),
            "DEAL" => {
                default("name", format!("Deal_#{id}").into());
                default("status", "OPEN".into());
                default("amount", 0.into());
            }
            "STAGE" => {
                default("isActive", true.into());
                default("sortOrder", 1.into());
            }
            _ => {}
        }
        Ok((id, Some(object)))
    }
}

/// The fields that every type of object has.
const COMMON: [&str; 4] = ["objectId", "modifiedDate", "isDeleted", "url"];

/// The further fields of a type of object, and the one without which it is refused.
fn standard(sort: &str) -> (&'static [&'static str], Option<&'static str>) {
    match sort {
        "ACCOUNT" => (&["name", "domains"], None),
        "CONTACT" => (
            &[
                "accountId",
                "emailAddress",
                "firstName",
                "lastName",
                "title",
                "phoneNumber",
            ],
            None,
        ),
        "DEAL" => (
            &[
                "accountId",
                "ownerId",
                "name",
                "createdDate",
                "closeDate",
                "status",
                "stage",
                "amount",
            ],
            None,
        ),
        "LEAD" => (
            &[
                "emailAddress",
                "firstName",
                "lastName",
                "title",
                "phoneNumber",
                "convertedToDealId",
                "convertedToContactId",
                "convertedToAccountId",
            ],
            None,
        ),
        "BUSINESS_USER" => (&["emailAddress"], Some("emailAddress")),
        _ => (&["name", "isActive", "sortOrder"], Some("name")),
    }
}

/// Up to 64 letters, digits and dashes, or an email address. Gong's own example has
/// underscores, which its text forbids.
fn is_object_id(id: &str) -> bool {
    let plain = |part: &str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(good)
    };
    let is_address = id.split_once('@').is_some_and(|(name, domain)| {
        let mut parts = name.split(['.', '_', '+']).chain(domain.split('.'));
        domain.contains('.') && parts.all(plain)
    });
    id.len() <= 64 && (plain(id) || is_address)
}

/// ISO-8601 with an offset or `Z`, and without milliseconds.
pub(crate) fn is_date_time(text: &str) -> bool {
    !text.contains('.') && instants::parse_instant(text).is_some()
}

/// Whether a value is of the type that the schema gives its field.
fn fits(field: &Value, value: &Value) -> bool {
    match field["type"].as_str().unwrap_or_default() {
        "BOOLEAN" => value.is_boolean(),
        "NUMBER" | "CURRENCY" => value.is_number(),
        "PERCENT" => value
            .as_f64()
            .is_some_and(|value| (0.0..=100.0).contains(&value)),
        "DATE" => value
            .as_str()
            .is_some_and(|text| instants::parse_day(text).is_some()),
        "DATETIME" => value.as_str().is_some_and(is_date_time),
        "PICKLIST" => field["orderedValueList"]
            .as_array()
            .is_some_and(|values| values.contains(value)),
        "STRINGARRAY" => value
            .as_array()
            .is_some_and(|values| values.iter().all(Value::is_string)),
        _ => value.is_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_ids_are_plain_or_addresses() {
        for good in ["5ybyh6n6n65", "a-1", "jane.doe@acme.com"] {
            assert!(is_object_id(good), "{good}");
        }
        for bad in ["", "a b", "user_1", "jane@acme", &"x".repeat(65)] {
            assert!(!is_object_id(bad), "{bad}");
        }
    }
}
