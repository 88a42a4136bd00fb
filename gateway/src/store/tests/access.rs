//! Toolsets, profiles, the decisions that follow, and sessions.

use super::*;

#[test]
fn toolsets_and_profiles_are_checked_and_the_files_are_the_files() {
    let folder = Folder::new();
    let store = store(&folder);
    let more = r#"toolsets.sales = ["search", "gone"]
profiles.analysts = { toolsets = ["sales", "read-only"], users = ["mia"] }"#;
    assert_eq!(store.declare(&config(more)), Ok(true));
    assert_eq!(store.declare(&config(more)), Ok(false));
    let put = |name: &str, tools: &[&str]| store.put_toolset(&ada(), "acme", name, &set(tools));
    assert_eq!(
        sentence(put("sales", &["ask"])),
        "toolset sales is declared in the configuration file, at tenants.acme.toolsets.sales; change it there, and the gateway takes it over"
    );
    assert!(sentence(put("read-only", &["ask"])).starts_with("toolset read-only is automatic"));
    assert!(sentence(put("component:calls", &["ask"])).contains("my-calls"));
    assert!(sentence(put("My Set", &["ask"])).contains("such as my-set"));
    assert!(sentence(put("mine", &["asc"])).contains("did you mean ask?"));
    assert!(sentence(put("mine", &[])).contains("at least one tool"));
    put("mine", &["ask", "grant"]).unwrap();
    put("mine", &["ask"]).unwrap();

    let profile = |toolsets: &[&str], users: &[&str]| Profile {
        toolsets: set(toolsets),
        users: set(users),
    };
    let put = |name: &str, profile: Profile| store.put_profile(&ada(), "acme", name, &profile);
    assert!(
        sentence(put("analysts", profile(&["mine"], &[])))
            .contains("tenants.acme.profiles.analysts")
    );
    assert!(sentence(put("new", profile(&["mined"], &[]))).contains("did you mean mine?"));
    assert!(sentence(put("new", profile(&["component:call"], &[]))).contains("component:calls"));
    assert!(sentence(put("new", profile(&["mine"], &["pat"]))).contains("tenants.acme.users"));
    assert!(sentence(put("new", profile(&[], &["mia"]))).contains("at least one toolset"));
    put("new", profile(&["mine", "component:calls"], &["tom"])).unwrap();

    let toolsets = store.toolsets("acme").unwrap();
    let shown: Vec<String> = toolsets
        .iter()
        .map(|one| {
            format!(
                "{} {} {:?} {:?}",
                one.name, one.origin, one.tools, one.profiles
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"mine admin {"ask"} {"new"}"#,
            r#"sales file {"gone", "search"} {"analysts"}"#,
            r#"read-only automatic {} {"analysts"}"#,
            r#"component:ai automatic {"ask"} {}"#,
            r#"component:calls automatic {"grant", "search"} {"new"}"#,
            r#"component:privacy automatic {"erase"} {}"#,
        ]
    );
    assert_eq!(toolsets[1].missing, set(&["gone"]));

    assert!(sentence(store.remove_toolset(&ada(), "acme", "mine")).contains("profile new has"));
    assert!(sentence(store.remove_toolset(&ada(), "acme", "read-only")).contains("automatic"));
    assert!(sentence(store.remove_toolset(&ada(), "acme", "sales")).contains("configuration file"));
    assert!(
        sentence(store.remove_profile(&ada(), "acme", "analysts")).contains("configuration file")
    );
    assert!(sentence(store.remove_profile(&ada(), "acme", "knew")).contains("did you mean new?"));
    store.remove_profile(&ada(), "acme", "new").unwrap();
    store.remove_toolset(&ada(), "acme", "mine").unwrap();

    // Declared ones replace those of the same name, and are removed when the file does not have
    // them any more.
    store
        .put_toolset(&ada(), "acme", "ops", &set(&["erase"]))
        .unwrap();
    store
        .declare(&config("toolsets.ops = [\"grant\"]"))
        .unwrap();
    let toolsets = store.toolsets("acme").unwrap();
    assert_eq!(toolsets[0].name, "ops");
    assert_eq!(
        (toolsets[0].origin, &toolsets[0].tools),
        (Origin::File, &set(&["grant"]))
    );
    assert_eq!(toolsets[1].name, "read-only");
    assert!(store.profiles("acme").unwrap().is_empty());
    let acts = store
        .query_audit(&AuditFilter {
            kind: Some(RowKind::Act),
            limit: Some(1),
            ..AuditFilter::default()
        })
        .unwrap();
    let AuditRow::Act(act) = &acts[0] else {
        panic!()
    };
    assert_eq!(
        act.detail.as_deref(),
        Some(
            "toolset ops taken over from administrators; toolset sales removed; profile analysts removed"
        )
    );
}

#[test]
fn decisions_say_why_and_count_at_once() {
    let folder = Folder::new();
    let store = store(&folder);
    let elsewhere = Store::open(&folder.file()).unwrap();
    let governance = Governance::new(&store).unwrap();
    let decide = |user: &str, tool: &str| governance.policy("acme", user).unwrap().decide(tool);
    let why = |user: &str, tool: &str| {
        let denial = decide(user, tool).unwrap_err();
        (denial.code, denial.sentence)
    };
    assert_eq!(
        why("mia", "search"),
        (
            DenialCode::PendingReview,
            "search has not been reviewed yet for acme. Only an administrator can approve it."
                .to_owned()
        )
    );
    let all = names(&["ask", "erase", "grant", "search"]);
    elsewhere
        .review(&ada(), "acme", &all, Decision::Approve)
        .unwrap();
    assert_eq!(
        why("mia", "search"),
        (
            DenialCode::NoProfile,
            "User mia has no access profile, and so no tools. Only an administrator of acme can give one.".to_owned()
        )
    );
    let profile = Profile {
        toolsets: set(&["read-only"]),
        users: set(&["mia"]),
    };
    elsewhere
        .put_profile(&ada(), "acme", "analysts", &profile)
        .unwrap();
    assert_eq!(decide("mia", "search"), Ok(()));
    assert_eq!(
        why("mia", "grant"),
        (
            DenialCode::NotInProfile,
            "grant is in no toolset of user mia's access profiles (analysts). Only an administrator of acme can change that.".to_owned()
        )
    );
    assert_eq!(why("mia", "ask").0, DenialCode::MeteredOff);
    assert_eq!(why("tom", "search").0, DenialCode::NoProfile);
    assert_eq!(
        why("mia", "serch"),
        (
            DenialCode::UnknownTool,
            "There is no tool \"serch\"; did you mean search?".to_owned()
        )
    );
    let policy = governance.policy("acme", "mia").unwrap();
    assert_eq!(policy.tools().collect::<Vec<_>>(), ["search"]);
    let (_, access) = policy.all().find(|(name, _)| *name == "search").unwrap();
    assert_eq!(access.grants[0].toolset, "read-only");

    // A class can take a read out of the read-only toolset, but not put a change in.
    let classes: Classes = [Class::Write].into();
    store
        .classify(&ada(), "acme", "search", Some(&classes))
        .unwrap();
    assert_eq!(why("mia", "search").0, DenialCode::NotInProfile);
    store.classify(&ada(), "acme", "search", None).unwrap();

    elsewhere.declare(&config("metered = true")).unwrap();
    assert_eq!(decide("mia", "ask"), Ok(()));
    elsewhere
        .review(&ada(), "acme", &names(&["search"]), Decision::Disable)
        .unwrap();
    assert_eq!(why("mia", "search").0, DenialCode::Disabled);
    elsewhere
        .review(&ada(), "acme", &names(&["search"]), Decision::Approve)
        .unwrap();
    let mut other = tools();
    other[3].description.push_str(" More.");
    other.remove(0);
    elsewhere.discover(&other, DIGEST).unwrap();
    assert!(
        why("mia", "search")
            .1
            .contains("has changed since it was reviewed")
    );
    assert_eq!(why("mia", "ask").0, DenialCode::Removed);
    elsewhere.discover(&tools(), DIGEST).unwrap();

    for (switch, code) in [
        (
            KillSwitch::Tool("acme".into(), "search".into()),
            DenialCode::SwitchedOffTool,
        ),
        (
            KillSwitch::ToolEverywhere("search".into()),
            DenialCode::SwitchedOffTool,
        ),
        (
            KillSwitch::Tenant("acme".into()),
            DenialCode::SwitchedOffTenant,
        ),
        (KillSwitch::Everything, DenialCode::SwitchedOffEverything),
    ] {
        assert_eq!(
            elsewhere.switch(&ada(), &switch, false, "wrong dates."),
            Ok(true)
        );
        let (found, sentence) = why("mia", "search");
        assert_eq!(found, code);
        assert!(
            sentence.contains(": wrong dates. Trying again does not help;"),
            "{sentence}"
        );
        assert_eq!(elsewhere.switch(&ada(), &switch, true, ""), Ok(true));
        assert_eq!(elsewhere.switch(&ada(), &switch, true, ""), Ok(false));
        assert_eq!(decide("mia", "search"), Ok(()));
    }
    let other = KillSwitch::Tenant("globex".into());
    elsewhere.switch(&ada(), &other, false, "moved").unwrap();
    assert_eq!(decide("mia", "search"), Ok(()));
    assert!(
        sentence(elsewhere.switch(&ada(), &KillSwitch::Everything, false, " ")).contains("say why")
    );
    let nobodys = KillSwitch::Tool("acme".into(), "nothing".into());
    assert!(elsewhere.switch(&ada(), &nobodys, false, "x").is_err());
    assert_eq!(why("pat", "search").0, DenialCode::UnknownUser);
    assert_eq!(
        governance
            .policy("nobody", "x")
            .unwrap()
            .decide("search")
            .unwrap_err()
            .code,
        DenialCode::UnknownUser
    );
}

#[test]
fn sessions_end_by_time_by_sign_out_and_with_the_administrators_token() {
    let folder = Folder::new();
    let store = store(&folder);
    let token = test_hash("ada");
    let now = Timestamp::now();
    let later = now + Duration::from_secs(60);
    let open = |expires| {
        let session = FreshToken::generate().hash;
        store
            .open_session(&session, "ada", &token, now, expires)
            .unwrap();
        session
    };
    let [one, two] = [open(later), open(later)];
    assert_eq!(store.session(&one, now).unwrap().unwrap().admin, "ada");
    store.close_session(&one).unwrap();
    store.close_session(&one).unwrap();
    assert_eq!(store.session(&one, now), Ok(None));
    let past = open(now);
    assert_eq!(store.session(&past, now), Ok(None));
    let mut config = config("");
    config.admins.get_mut("ada").unwrap().tokens = test_hash("another").into();
    assert!(store.session(&two, now).unwrap().is_some());
    assert_eq!(store.session(&two, later), Ok(None));
    store.declare(&config).unwrap();
    assert_eq!(store.session(&two, now), Ok(None));
}

/// What the administrator gave to one person, the next one of the same name does not have.
#[test]
fn the_next_user_of_a_name_inherits_no_profile() {
    let folder = Folder::new();
    let store = store(&folder);
    let profile = Profile {
        toolsets: ["read-only".to_owned()].into(),
        users: ["mia".to_owned(), "tom".to_owned()].into(),
    };
    store
        .put_profile(&ada(), "acme", "staff", &profile)
        .unwrap();
    let members = || {
        let profiles = store.profiles("acme").unwrap();
        let staff = profiles.into_iter().find(|one| one.name == "staff");
        staff.unwrap().users.into_iter().collect::<Vec<_>>()
    };
    let without_tom = || {
        let mut config = config("");
        config.tenants.get_mut("acme").unwrap().users.remove("tom");
        config
    };
    store.declare(&without_tom()).unwrap();
    assert_eq!(members(), ["mia"]);
    store.declare(&config("")).unwrap();
    assert_eq!(members(), ["mia"]);
    let governance = Governance::new(&store).unwrap();
    let denied = governance.policy("acme", "tom").unwrap().decide("search");
    // The tool is pending, which comes first; that there is no profile shows in the grants.
    assert!(denied.is_err());
    let policy = governance.policy("acme", "tom").unwrap();
    assert!(policy.all().all(|(_, access)| access.grants.is_empty()));

    // The same with a whole tenant, whose profiles stay without their users.
    let mut gone = config("");
    gone.tenants.remove("acme");
    store.declare(&gone).unwrap();
    store.declare(&config("")).unwrap();
    assert_eq!(members(), [""; 0]);

    // And with members from before memberships ended with their user.
    store.declare(&without_tom()).unwrap();
    let old = r#"UPDATE profiles SET users = '["tom"]'"#;
    store.connect().unwrap().execute_batch(old).unwrap();
    store.declare(&config("")).unwrap();
    assert_eq!(members(), [""; 0]);

    let rows = store.query_audit(&AuditFilter::default()).unwrap();
    let details = rows.into_iter().filter_map(|row| match row {
        AuditRow::Act(act) if act.act == "declare" => act.detail,
        _ => None,
    });
    let details: Vec<String> = details.collect();
    for detail in [
        "user tom removed; tom taken out of profile staff",
        "tenant removed; mia taken out of profile staff",
        "user tom added; tom taken out of profile staff",
    ] {
        assert!(
            details.iter().any(|one| one.contains(detail)),
            "{detail}: {details:?}"
        );
    }
}
