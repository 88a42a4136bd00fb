use super::{Refusal, duration};

fn refused(status: u16, body: &str, retry_after: Option<u64>) -> String {
    let error =
        Refusal::new(status, body.as_bytes(), retry_after, None).into_error("GET /v2/calls");
    error.text().to_owned()
}

#[test]
fn a_401_that_names_a_scope_is_not_a_wrong_key() {
    assert_eq!(
        refused(
            401,
            r#"{"requestId":"4al018","errors":["You don't have permission to use 'api:coaching:read' in your app."]}"#,
            None
        ),
        "The access key lacks the scope api:coaching:read, which GET /v2/calls needs: “You don't have permission to \
         use 'api:coaching:read' in your app.” (Gong request 4al018). A Gong technical administrator can add it \
         (Admin center > Settings > Ecosystem > API)."
    );
    assert!(
        refused(401, r#"{"errors":["Invalid credentials"]}"#, None)
            .starts_with("Gong does not accept the access key: “Invalid credentials”.")
    );
}

#[test]
fn a_long_retry_after_means_the_quota_of_the_day() {
    let body = r#"{"requestId":"4al018","errors":["API request limit exceeded"]}"#;
    let quota = refused(429, body, Some(4808));
    assert!(quota.starts_with("The company's daily allowance"));
    assert!(quota.contains("It is back in about 1 h 21 min."));
    assert!(refused(429, body, Some(1)).starts_with("Gong is busy"));
}

#[test]
fn a_limit_of_the_host_is_not_gongs_quota() {
    let body = r#"{"errors":["Too many calls of this process."]}"#;
    assert_eq!(
        refused(429, body, Some(90)),
        "A limit on requests to Gong is reached: “Too many calls of this process.”. Requests are possible again in \
         about 90 s. Until then neither trying again nor a narrower question helps."
    );
    assert!(refused(429, body, Some(5)).ends_with("Try again in a minute."));
}

#[test]
fn error_bodies_of_other_shapes_keep_gongs_words_and_request_id() {
    for errors in [
        r#""filter.from bad""#,
        r#"["filter.from bad"]"#,
        r#"[{"message":"filter.from bad","code":7}]"#,
        r#"[null,"filter.from bad"]"#,
        r#"{"message":"filter.from bad"}"#,
        r#"null,"message":"filter.from bad""#,
    ] {
        assert_eq!(
            refused(
                400,
                &format!(r#"{{"requestId":"rq9","errors":{errors}}}"#),
                None
            ),
            "Gong does not accept the request GET /v2/calls: “filter.from bad” (Gong request rq9).",
            "{errors}"
        );
    }
    assert!(
        refused(400, r#"{"requestId":12,"errors":7}"#, None)
            .contains("no reason given (Gong request 12)")
    );
}

#[test]
fn a_web_page_is_not_gongs() {
    for status in [401, 403, 404, 407, 502, 503] {
        let text = refused(status, "\r\n <html><body>Forbidden</body></html>", None);
        let begin = format!("A web page answered GET /v2/calls (status {status}), not Gong's API");
        assert!(text.starts_with(&begin), "{text}");
        assert!(text.contains("HTTPS_PROXY and GONG_BASE_URL"), "{text}");
    }
    assert!(refused(403, "", None).contains("trusted IPs"));
}

#[test]
fn a_404_on_a_list_is_nothing_found_only_when_it_says_so() {
    let said_of = |operation: &str, body: &str| {
        Refusal::new(404, body.as_bytes(), None, None).is_nothing_found(operation)
    };
    let said = |body: &str| said_of("GET /v2/library/folders", body);
    assert!(said(
        r#"{"errors":["No calls found corresponding to the provided filters"]}"#
    ));
    for (operation, list) in [
        (
            "POST /v2/stats/activity/scorecards",
            "Answered scorecards not found",
        ),
        ("POST /v2/calls/transcript", "No transcripts found"),
        ("GET /v2/users", "No users found"),
        (
            "GET /v2/all-permission-profiles",
            "No permission profiles found",
        ),
        ("GET /v2/call-outcomes", "No call outcomes found"),
    ] {
        assert!(
            said_of(operation, &format!(r#"{{"errors":["{list}"]}}"#)),
            "{list}"
        );
    }
    for other in [
        "No permissions found",
        "No credentials found",
        "No access found",
        "No workspaces found",
    ] {
        assert!(
            !said_of("GET /v2/users", &format!(r#"{{"errors":["{other}"]}}"#)),
            "{other}"
        );
    }
    for list in [
        "No logs found for the specified period",
        "No folders found for the specified period.",
        "No calls found",
    ] {
        assert!(said(&format!(r#"{{"errors":["{list}"]}}"#)), "{list}");
    }
    for error in [
        "routeNotFound",
        "Call ID 12 was not found: check it",
        "Workspace not found",
        "User not found",
        "Folder not found",
        "No route found for GET /v2/users",
        "No Gong user found corresponding to the provided organizer email",
        "No meeting found corresponding to the provided meeting ID",
        "No routes found for GET /v2/users",
    ] {
        assert!(!said(&format!(r#"{{"errors":["{error}"]}}"#)), "{error}");
    }
    assert!(!said("<html>404</html>"));
}

#[test]
fn a_409_with_a_remedy_shows_it() {
    assert_eq!(
        refused(
            409,
            r#"{"requestId":"m1","errors":["Provider disconnected"],"userFacingError":"Connect Zoom again.",
            "fixUrl":"https://us-1.app.gong.io/settings","helpUrl":null}"#,
            None
        ),
        "Gong can not do GET /v2/calls as things stand: “Provider disconnected” (Gong request m1). Connect Zoom \
         again. To mend it: https://us-1.app.gong.io/settings."
    );
    assert!(refused(409, r#"{"errors":["Taken"]}"#, None).contains("what is there already"));
}

#[test]
fn a_redirect_names_the_setting() {
    let refusal = Refusal::new(
        302,
        b"",
        None,
        Some("https://us-1.api.gong.io/v2/calls".into()),
    );
    let error = refusal.into_error("GET /v2/calls");
    assert!(error.text().starts_with(
        "Setting GONG_BASE_URL: Gong redirects GET /v2/calls to https://us-1.api.gong.io/v2/calls"
    ));
}

#[test]
fn durations_are_rounded_up() {
    assert_eq!(duration(45), "45 s");
    assert_eq!(duration(600), "10 min");
    assert_eq!(duration(4808), "1 h 21 min");
    assert_eq!(duration(7200), "2 h");
}
