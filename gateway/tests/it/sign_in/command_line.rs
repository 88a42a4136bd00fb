//! Administrators sign in with the company's account: on the command line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::administrators::{csrf, goes_on};
use super::agent::{Agent, query};
use super::company::Company;

impl Company {
    /// `gong-gateway admin` of somebody whose files are in a folder of their own.
    fn admin(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gong-gateway"));
        command
            .args(["admin", "--config"])
            .arg(self.gateway.config())
            .args(arguments)
            .env_clear()
            .env("USER", "grace")
            .env("HOME", self.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn home(&self) -> PathBuf {
        self.gateway.folder.0.join("home")
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.admin(arguments).output().await.expect("it runs")
    }

    async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Begins to sign in, and returns the address to open and the number that is shown.
    async fn begin(&self) -> (Child, String, String) {
        let mut child = self.admin(&["--json", "sign-in"]).spawn().expect("it runs");
        let errors = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(errors).lines();
        let mut number = String::new();
        loop {
            let line = lines.next_line().await.expect("text");
            let line = line.expect("an address is printed");
            if let Some((_, rest)) = line.split_once("compare the number ") {
                number = rest.trim_end_matches(':').to_owned();
            }
            if line.trim().starts_with(&self.base) {
                return (child, line.trim().to_owned(), number);
            }
        }
    }

    /// Signs in on the command line. The file with the sign-in is returned.
    async fn signs_in(&self, agent: &mut Agent) -> PathBuf {
        let (child, url, number) = self.begin().await;
        let page = agent.get(&url).await;
        assert!(page.text.contains(&number), "{}", page.text);
        let fields = query(&url);
        let mut form: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let csrf = csrf(&page.text);
        form.push(("csrf", &csrf));
        let answer = agent.post(&self.url("/admin/command-line"), &form).await;
        let back = goes_on(&answer);
        let closing = agent.get(&back).await;
        assert!(closing.text.contains("Go back to the terminal"));
        let output = child.wait_with_output().await.expect("it ends");
        assert!(output.status.success());
        let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(value["name"], "olga@acme.example");
        assert_eq!(value["tenant"], "acme");
        PathBuf::from(value["file"].as_str().expect("a file"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_in_by_a_browser_and_acts_under_that_name() {
    let company = Company::with_administrators("").await;
    std::fs::create_dir(company.home()).expect("a folder");
    let mut agent = Agent::new();
    // Whoever is not signed in at the page signs in there first, and comes back.
    let (child, url, _) = company.begin().await;
    let to_sign_in = agent.get(&url).await.location();
    let to = query(&company.url(&to_sign_in))["to"].clone();
    assert_eq!(company.url(&to), url);
    drop(child);
    company.administrate(&mut agent, "tenant=acme").await;
    let file = company.signs_in(&mut agent).await;
    let mode = std::fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(file.starts_with(company.home().join(".config/gong-gateway")));

    company.done(&["disable", "gong_get_call"]).await;
    let act = company.acts("disable").await.pop().expect("an act");
    assert_eq!(
        (&*act.actor, act.tenant.as_deref()),
        ("olga@acme.example", Some("acme"))
    );
    assert!(
        act.os_user.is_some(),
        "the operating system's user is beside it"
    );
    // Other tenants do not exist for her, nor the gateway as a whole.
    assert!(!company.done(&["tenants"]).await.contains("globex"));
    for (arguments, why) in [
        (&["--tenant", "globex", "tools"][..], "and not globex"),
        (
            &["off", "--everything", "--reason", "a test"],
            "and not everything",
        ),
        (&["index", "clear", "globex"], "and not globex"),
    ] {
        let refused = company.refused(arguments).await;
        assert!(refused.contains(why), "{refused}");
    }
    company.done(&["off", "--reason", "a test"]).await;
    assert!(company.done(&["switches"]).await.contains("acme"));
    let audit = company.done(&["audit", "--acts"]).await;
    assert!(!audit.contains("globex"), "{audit}");
    // Nobody claims to be somebody who has signed in.
    let refused = company
        .refused(&["--as", "olga@acme.example", "tenants"])
        .await;
    assert!(
        refused.contains("are those of people who have signed in"),
        "{refused}"
    );

    // Who leaves the group is none any more, at the page and here.
    let backup = company.gateway.folder.0.join("backup.db");
    company.provider.person("olga", &["sales"]);
    company.administrate(&mut agent, "tenant=acme").await;
    let ended = company.refused(&["tenants"]).await;
    assert!(ended.contains("your sign-in has ended"), "{ended}");
    company
        .done(&["backup", backup.to_str().expect("UTF-8")])
        .await;
    assert!(company.done(&["sign-out"]).await.contains("Signed out"));
    assert!(!file.exists());
    assert!(
        company.done(&["tenants"]).await.contains("globex"),
        "the name is grace again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_for_the_program_that_has_begun_and_used_once() {
    let company = Company::with_administrators("").await;
    std::fs::create_dir(company.home()).expect("a folder");
    let mut agent = Agent::new();
    company.administrate(&mut agent, "tenant=acme").await;
    let allow = async |agent: &mut Agent, url: &str| {
        let page = agent.get(url).await;
        let fields = query(url);
        let csrf = csrf(&page.text);
        let mut form: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        form.push(("csrf", &csrf));
        goes_on(&agent.post(&company.url("/admin/command-line"), &form).await)
    };
    // A program that has heard another's answer can not use it: it lacks the verifier.
    let (mine, my_url, _) = company.begin().await;
    let (mut thiefs, thiefs_url, _) = company.begin().await;
    let back = allow(&mut agent, &my_url).await;
    let state = query(&thiefs_url)["state"].clone();
    let stolen = format!(
        "http://127.0.0.1/?code={}&state={state}\n",
        query(&back)["code"]
    );
    let mut input = thiefs.stdin.take().expect("it is piped");
    input.write_all(stolen.as_bytes()).await.expect("it reads");
    let output = thiefs.wait_with_output().await.expect("it ends");
    assert!(!output.status.success());
    // And the code is used up.
    agent.get(&back).await;
    let output = mine.wait_with_output().await.expect("it ends");
    assert!(!output.status.success());
    assert_eq!(
        company.acts("sign-in").await.len(),
        1,
        "only that at the page"
    );

    // The address can be pasted where the browser is on another computer.
    let (mut child, url, _) = company.begin().await;
    let back = allow(&mut agent, &url).await;
    let mut input = child.stdin.take().expect("it is piped");
    input
        .write_all(format!("{back}\n").as_bytes())
        .await
        .expect("it reads");
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success());
    assert_eq!(company.acts("sign-in").await.len(), 2);
    // Neither the code nor the session is in the state file.
    let kept = std::fs::read_dir(company.home().join(".config/gong-gateway")).expect("a folder");
    let kept = kept.flatten().next().expect("a file");
    let kept: Value =
        serde_json::from_slice(&std::fs::read(kept.path()).expect("text")).expect("JSON");
    let state = std::fs::read(company.gateway.folder.0.join("gateway.db")).expect("a file");
    for secret in [
        kept["token"].as_str().expect("a token"),
        &query(&back)["code"],
    ] {
        let has = state
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!has);
    }
    // Forms without what the command line sends, and with a token of gateway.toml, are refused.
    let page = agent
        .get(&company.url("/admin/command-line?port=80&state=x&challenge=y"))
        .await;
    assert_eq!(page.status, 422);
    let mut ada = Agent::new();
    let token = company.gateway.token("admin");
    let sign_in = company.url("/admin/sign-in");
    ada.post(&sign_in, &[("name", "ada"), ("token", &*token)])
        .await;
    assert_eq!(ada.get(&url).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_local_administrators_the_command_line_needs_a_sign_in() {
    let company = Company::with_administrators("[administrators]\nlocal = false\n").await;
    std::fs::create_dir(company.home()).expect("a folder");
    for arguments in [&["tenants"][..], &["--as", "ada", "tenants"]] {
        let refused = company.refused(arguments).await;
        assert!(refused.contains("administrators.local is off"), "{refused}");
    }
    // Also for whoever names the state file alone.
    let state = company.gateway.folder.0.join("gateway.db");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gong-gateway"));
    command.args(["admin", "--state"]).arg(state).arg("tenants");
    let output = command
        .env_clear()
        .env("HOME", company.home())
        .output()
        .await;
    let output = output.expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("administrators.local is off"));
    // Copies are made by programs, in nobody's name.
    company.done(&["integrity"]).await;
    let mut agent = Agent::new();
    company.administrate(&mut agent, "tenant=acme").await;
    let file = company.signs_in(&mut agent).await;
    company.done(&["tools"]).await;
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, readable).expect("it is ours");
    let refused = company.refused(&["tools"]).await;
    assert!(refused.contains("others can read"), "{refused}");
}
