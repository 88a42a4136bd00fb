//! Tokens: their form, their hashes in the file, and how long they last.

use jiff::Timestamp;

use super::*;

#[test]
fn a_fresh_token_fits_its_hash_and_no_other() {
    let one = FreshToken::generate();
    let two = FreshToken::generate();
    assert_ne!(one.token, two.token);
    assert!(one.token.reveal().starts_with("gg_") && one.token.reveal().len() == 46);
    assert!(one.hash.matches(one.token.reveal()) && !one.hash.matches(two.token.reveal()));
    let text = one.hash.to_string();
    assert_eq!(text.parse::<TokenHash>().unwrap(), one.hash);
    assert_eq!(
        text.to_uppercase().replace("SHA256", "sha256").parse(),
        Ok(one.hash)
    );
    assert!(!format!("{one:?}").contains(one.token.reveal()));
    for bad in [
        one.token.reveal(),
        "sha256:12",
        "sha256:",
        &HASH.replace('0', "g"),
    ] {
        let message = bad.parse::<TokenHash>().unwrap_err();
        assert!(message.contains("gong-gateway token") && !message.contains(one.token.reveal()));
    }
}

#[test]
fn an_old_and_a_new_token_are_valid_together_and_may_end() {
    let list = |tokens: &str| {
        let line = format!("token = \"{}\"", hash(3));
        with(&line, &format!("tokens = {tokens}"))
    };
    let (old, new) = (hash(3), hash(4));
    let config = load(&list(&format!(
        r#"[{{ hash = "{old}", expires = 2027-03-31 }}, {{ hash = "{new}" }}]"#
    )));
    let tokens = config.unwrap().tenants["acme"].users["mia"].tokens.clone();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let accepted = |n: &str, time: &str| tokens.accept(&test_token(n), at(time)).is_some();
    // A date lasts until its end.
    assert!(accepted("3", "2027-03-31T23:59:59Z") && accepted("4", "2027-03-31T23:59:59Z"));
    assert!(!accepted("3", "2027-04-01T00:00:00Z") && accepted("4", "2027-04-01T00:00:00Z"));
    assert!(!accepted("2", "2027-03-31T00:00:00Z"));

    let single = |expires: &str| {
        let line = format!("token = \"{}\"", hash(2));
        load(&with(&line, &format!("{line}\nexpires = {expires}")))
    };
    for end in [
        "2027-03-31T20:00:00+02:00",
        "\"2027-03-31T18:00:00Z\"",
        "\"2027-03-31T18:00:00Z\" # in quotes",
    ] {
        let ada = single(end).unwrap().admins["ada"].tokens.clone();
        let expires = ada.iter().next().unwrap().expires;
        assert_eq!(expires, Some(at("2027-03-31T18:00:00Z")), "{end}");
    }
    for bad in [
        "\"soon\"",
        "2027-03-31T18:00:00",
        "7",
        "\"2027-03-31 and more\"",
        "18:00:00",
    ] {
        let message = single(bad).unwrap_err().to_string();
        assert!(
            message.ends_with("admins.ada.expires: a time with its zone, or a date, which lasts until its end in UTC, is expected, such as \"2027-03-31T18:00:00Z\" or \"2027-03-31\""),
            "{message}"
        );
    }
    for (bad, why) in [
        ("[]", "there is no token in it"),
        (&*format!(r#"["{old}"]"#), "a list of tables is expected"),
        (
            &*format!(r#"[{{ hash = "{old}", until = "x" }}]"#),
            "there is no such key",
        ),
        (
            &*format!(r#"[{{ hash = "{old}" }}, {{ hash = "{old}" }}]"#),
            "has the same token",
        ),
        (
            &*format!(
                r#"[{{ hash = "{old}" }}, {{ hash = "{new}" }}, {{ hash = "{}" }}]"#,
                hash(5)
            ),
            "at most 2 tokens",
        ),
        (
            &*format!("[{{ hash = \"{old}\" }}]\ntoken = \"{new}\""),
            "it can not stand beside tokens",
        ),
    ] {
        let message = complaints(&list(bad));
        assert!(
            message.contains(why) && message.lines().count() == 1,
            "{bad}: {message}"
        );
        assert!(
            message.contains("tenants.acme.users.mia.token"),
            "{message}"
        );
    }
}

#[test]
fn a_token_that_can_be_guessed_is_refused_in_the_file_and_from_whoever_presents_it() {
    for guessed in [
        "", "token", "secret", "password", "changeme", "PASSWORD", "secret\n", "gg_", "gg_test",
        "mia", "acme", "ada",
    ] {
        let known = TokenHash::of(guessed);
        let message = complaints(&with(&hash(3), &known.to_string()));
        assert!(
            message.contains("tenants.acme.users.mia.token: this is the hash of a word or name that can be guessed; make a token with `gong-gateway token`"),
            "{guessed:?}: {message}"
        );
        assert!(!known.matches(guessed), "{guessed:?}");
    }
    // Not in any list, and with the right prefix and length: what nobody drew at random.
    for short in [
        "a token of my own",
        "gg_correct-horse-battery-staple",
        &format!("gg_{}", "A".repeat(43)),
        &format!("gg_{}", "abcd".repeat(11)),
        &test_token("x")[3..],
        &format!("{}A", test_token("x")),
        &test_token("x")[..45],
        &format!(" {}", test_token("x")),
    ] {
        assert_eq!(TokenHash::presented(short), None, "{short}");
        assert!(!TokenHash::of(short).matches(short), "{short}");
    }
    for _ in 0..1000 {
        let fresh = FreshToken::generate();
        assert!(fresh.hash.matches(fresh.token.reveal()));
    }
}
