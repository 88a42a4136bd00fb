//! Permission profiles: `GET /v2/all-permission-profiles`, `GET`, `POST` and `PUT
//! /v2/permission-profile` and `GET /v2/permission-profile/users`.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::company::profiles::{AREAS, PERMISSIONS, Profile};
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

/// Gong's document states no scope but for the users; these two are the ones integrators use.
const READ: &str = "api:permission-profile:read";
const WRITE: &str = "api:permission-profile:write";

const PATH: &str = "/v2/permission-profile";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/all-permission-profiles", READ, list),
    Operation::get(PATH, READ, one),
    Operation::write(Method::POST, PATH, WRITE, Takes::Json, create),
    Operation::write(Method::PUT, PATH, WRITE, Takes::Json, update),
    Operation::get("/v2/permission-profile/users", "api:users:read", users),
];

/// How far an area can be seen.
const LEVELS: [&str; 5] = ["all", "managers-team", "report-to-them", "own", "none"];

/// How far the library can be seen.
const LIBRARY_LEVELS: [&str; 3] = ["none", "all", "specific-folders"];

const FORECASTS: [&str; 3] = [
    "forecastAccess",
    "forecastEditSubmissions",
    "forecastEditTargets",
];

const LIBRARY_FLAGS: [&str; 4] = [
    "managePublicFolder",
    "manageStreams",
    "manageFolderCalls",
    "shareFoldersAndStreams",
];

/// All of a workspace at once, in alphabetical order.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let mut profiles = gong.state.profiles.lock().all(&gong.company);
    profiles.retain(|profile| profile.workspace == workspace);
    profiles.sort_by(|a, b| a.name().cmp(b.name()));
    let profiles: Value = profiles.iter().map(Profile::json).collect();
    Ok(json!({ "profiles": profiles }).into())
}

fn one(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let profile = profile(gong, request)?;
    Ok(json!({ "profile": profile.json() }).into())
}

fn users(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let profile = profile(gong, request)?;
    Ok(json!({ "users": profile.users(&gong.company) }).into())
}

/// 422 without a name, or with one that the workspace has already.
fn create(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let body = Fields::of(&request.body)?;
    let unprocessable = |error: String| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error);
    let name = body.text("name")?.unwrap_or_default();
    if name.trim().is_empty() {
        return Err(unprocessable("name: must not be blank".to_owned()));
    }
    let fields = read(gong, &body)?;
    let mut profiles = gong.state.profiles.lock();
    let all = profiles.all(&gong.company);
    if is_taken(&all, workspace, name, None) {
        return Err(unprocessable(format!(
            "A permission profile with the name \"{name}\" already exists"
        )));
    }
    let profile = profiles.make(&gong.company, workspace, fields);
    Ok(json!({ "profile": profile.json() }).into())
}

/// Answers the whole profile. What is left out stays as it is: that is not documented, but Gong's
/// answer to a recorded PUT of the name alone still had the description.
fn update(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let mut profile = profile(gong, request)?;
    let mut whole = profile.json();
    Fields::of(&request.body)?.put_into(&mut whole);
    let body = Fields::of(&whole)?;
    let name = body.required("name")?;
    if body.text("id")?.is_some_and(|id| id != profile.id) {
        return Err(body.refuse("id", "must be the profileId of the query"));
    }
    profile.fields = read(gong, &body)?;
    let mut profiles = gong.state.profiles.lock();
    let all = profiles.all(&gong.company);
    if is_taken(&all, profile.workspace, name, Some(&profile.id)) {
        return Err(body.refuse(
            "name",
            format!("a permission profile with the name \"{name}\" already exists"),
        ));
    }
    profiles.put(profile.clone());
    Ok(json!({ "profile": profile.json() }).into())
}

fn is_taken(all: &[Profile], workspace: usize, name: &str, but: Option<&str>) -> bool {
    all.iter().any(|profile| {
        profile.workspace == workspace && profile.name() == name && but != Some(profile.id.as_str())
    })
}

fn workspace(gong: &Gong, request: &ApiRequest) -> Result<usize, ApiError> {
    let id = request.required_query("workspaceId")?;
    let mut workspaces = gong.company.workspaces.iter();
    workspaces
        .position(|workspace| workspace.id == id)
        .ok_or_else(|| ApiError::bad_request(format!("Workspace ID {id} was not found")))
}

/// The requested profile. An id that no signed 64-bit number holds is "Bad request";
/// Gong declares no 404 here, so an unknown one is 400 as well.
fn profile(gong: &Gong, request: &ApiRequest) -> Result<Profile, ApiError> {
    let id = request.required_query("profileId")?;
    if id.parse::<i64>().is_err() {
        return Err(ApiError::bad_request("Bad request"));
    }
    let profiles = gong.state.profiles.lock().all(&gong.company);
    profiles
        .into_iter()
        .find(|profile| profile.id == id)
        .ok_or_else(|| ApiError::bad_request(format!("Permission profile ID {id} was not found")))
}

/// A whole profile from the fields of a request. What is missing is no access and no permission.
fn read(gong: &Gong, body: &Fields<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut fields = Map::new();
    for name in ["name", "description"] {
        fields.insert(name.to_owned(), body.text(name)?.into());
    }
    for area in AREAS {
        fields.insert(area.to_owned(), access(gong, body, area)?);
    }
    let sent = body.object("forecastPermissions")?;
    let mut forecasts = Map::new();
    for forecast in FORECASTS {
        let access = match &sent {
            Some(sent) => access(gong, sent, forecast)?,
            None => no_access(),
        };
        forecasts.insert(forecast.to_owned(), access);
    }
    fields.insert("forecastPermissions".to_owned(), forecasts.into());
    fields.insert("libraryFolderAccess".to_owned(), library(body)?);
    for permission in PERMISSIONS {
        fields.insert(permission.to_owned(), body.flag(permission)?.into());
    }
    Ok(fields)
}

fn no_access() -> Value {
    json!({ "permissionLevel": "none", "teamLeadIds": null })
}

/// The access to one area. An empty list of leads becomes null.
fn access(gong: &Gong, body: &Fields<'_>, area: &str) -> Result<Value, ApiError> {
    let Some(access) = body.object(area)? else {
        return Ok(no_access());
    };
    let level = level(&access, &LEVELS)?.unwrap_or("none");
    let leads = access.texts("teamLeadIds")?.unwrap_or_default();
    let is_user = |id: &str| gong.company.users.iter().any(|user| user.id == id);
    if let Some(stranger) = leads.iter().find(|lead| !is_user(lead)) {
        return Err(access.refuse("teamLeadIds", format!("User ID {stranger} was not found")));
    }
    if level == "managers-team" && leads.is_empty() {
        return Err(access.refuse("teamLeadIds", "must not be empty with managers-team"));
    }
    Ok(json!({
        "permissionLevel": level,
        "teamLeadIds": (!leads.is_empty()).then_some(leads),
    }))
}

/// The level is mandatory here, and none goes with nothing else.
fn library(body: &Fields<'_>) -> Result<Value, ApiError> {
    let sent = body.object("libraryFolderAccess")?;
    let mut library = json!({ "permissionLevel": "none", "libraryFolderIds": null });
    if let Some(sent) = &sent {
        let level = level(sent, &LIBRARY_LEVELS)?;
        let level = level.ok_or_else(|| sent.refuse("permissionLevel", "must not be null"))?;
        let folders = sent.texts("libraryFolderIds")?.unwrap_or_default();
        if level == "none" && !folders.is_empty() {
            return Err(sent.refuse("libraryFolderIds", "must not be set with none"));
        }
        library["permissionLevel"] = level.into();
        library["libraryFolderIds"] = json!((!folders.is_empty()).then_some(folders));
    }
    for flag in LIBRARY_FLAGS {
        let is_set = match &sent {
            Some(sent) => sent.flag(flag)?,
            None => false,
        };
        if let (true, Some(sent)) = (is_set && library["permissionLevel"] == "none", &sent) {
            return Err(sent.refuse(flag, "must not be set with none"));
        }
        library[flag] = is_set.into();
    }
    Ok(library)
}

fn level<'a>(access: &Fields<'a>, levels: &[&str]) -> Result<Option<&'a str>, ApiError> {
    let level = access.text("permissionLevel")?;
    match level {
        Some(level) if !levels.contains(&level) => {
            let levels = levels.join(", ");
            Err(access.refuse(
                "permissionLevel",
                format!("\"{level}\" is not one of {levels}"),
            ))
        }
        level => Ok(level),
    }
}
