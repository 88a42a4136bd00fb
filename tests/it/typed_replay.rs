//! Every fixture through the exports of `gong.wasm`, one function for each tool, called by plain
//! wasmtime as any typed host does it.

use std::fmt::Write as _;

use serde_json::Value;
use tokio::task::JoinSet;
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Val};
use wasmtime_wasi::WasiCtx;
use xtask::component::Artefact;

use crate::fixtures::{Fixture, fixtures};
use crate::server::{FixedClock, Host, engine, linker};
use crate::support::{bytes, golden};
use crate::typed_json::{from_json, to_json};

/// Rows of tables of bad arguments that are not of the type that the export takes.
const NOT_TYPED: [&str; 5] = [
    "gong_bulk_assign_flow: An argument of another type is answered with an example that works.",
    "gong_create_meeting: An argument of another type is answered with an example that works.",
    "gong_get_activity_stats: A period that Gong does not have is refused before anything is sent.",
    "gong_list_audit_logs: A log that Gong does not have.",
    "gong_search_calls: A wrong argument is named before anything is asked.",
];

/// What a replay showed.
enum Outcome {
    /// The arguments are not of the export's type, and the fixture says that they are wrong.
    NotTyped,
    /// The tool refused the arguments as the fixture says.
    BadArgument,
    /// The tool answered as the fixture says.
    Answer,
    /// It failed as the fixture says: the error's case.
    Error(String),
    /// Something differs.
    Wrong(String),
}

/// The answer without its own lists that are empty, which [`to_json`] leaves out, and without the filters,
/// which only JSON has.
fn without_empty_lists(mut answer: Value) -> Value {
    if let Value::Object(members) = &mut answer {
        members.retain(|_, value| value != &Value::Array(Vec::new()));
        members.remove("filters");
    }
    answer
}

/// Calls the fixture's tool and compares all that follows.
async fn replay(component: &InstancePre<Host>, fixture: &Fixture) -> Outcome {
    let gong = fixture.gong().await;
    let wasi = WasiCtx::builder()
        .envs(&fixture.variables(&gong))
        .wall_clock(FixedClock(fixture.now))
        .build();
    let mut store = Store::new(engine(), Host::new(wasi, Default::default()));
    let instance = component.instantiate_async(&mut store).await;
    let instance = instance.expect("a common host has all that it wants");
    let function = instance.get_func(&mut store, fixture.tool.replace('_', "-"));
    let function = function.expect("a tool is a function");
    let ty = function.ty(&store);
    let (_, parameter) = ty.params().next().expect("a parameter");
    let arguments = match from_json(&parameter, &fixture.arguments) {
        Ok(arguments) => arguments,
        Err(_) if fixture.bad_arguments => return Outcome::NotTyped,
        Err(error) => return Outcome::Wrong(error),
    };

    let mut results = [Val::Bool(false)];
    function
        .call_async(&mut store, &[arguments], &mut results)
        .await
        .expect("it does not trap");

    if let Some(difference) = fixture.difference(gong) {
        return Outcome::Wrong(difference);
    }
    let [Val::Result(result)] = results else {
        panic!("{}: no result", fixture.name);
    };
    match result {
        Ok(answer) => {
            let answer = to_json(*answer.expect("an answer"));
            let expected = fixture.structured.clone().map(without_empty_lists);
            match Some(&answer) == expected.as_ref() {
                true => Outcome::Answer,
                false => Outcome::Wrong(format!("answered {answer}")),
            }
        }
        Err(error) => {
            let Some(Val::Variant(case, Some(text))) = error.map(|error| *error) else {
                panic!("{}: an error without text", fixture.name);
            };
            let Val::String(text) = *text else {
                panic!("{}: an error without text", fixture.name);
            };
            match Some(&text) == fixture.error.as_ref() {
                true if !fixture.bad_arguments => Outcome::Error(case),
                true if case == "bad-argument" => Outcome::BadArgument,
                _ => Outcome::Wrong(format!("{case}: {text}")),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_holds_for_the_typed_exports() {
    let component = Component::from_binary(engine(), &bytes(Artefact::Gong));
    let component = linker().instantiate_pre(&component.expect("it is a component"));
    let component = component.expect("a common host has all that it wants");
    // Together, as some wait for Gong's rate limit.
    let mut replays = JoinSet::new();
    for fixture in fixtures() {
        let component = component.clone();
        replays.spawn(async move {
            let outcome = replay(&component, &fixture).await;
            (fixture.name, outcome)
        });
    }
    let mut replays = replays.join_all().await;
    assert!(replays.len() >= 305, "only {} fixtures", replays.len());
    replays.sort_by(|(one, _), (other, _)| one.cmp(other));

    let (mut not_typed, mut cases, mut wrong) = (Vec::new(), String::new(), Vec::new());
    for (name, outcome) in &replays {
        match outcome {
            Outcome::NotTyped => not_typed.push(name.as_str()),
            Outcome::Answer | Outcome::BadArgument => {}
            Outcome::Error(case) => writeln!(cases, "{name} {case}").expect("it is a text"),
            Outcome::Wrong(difference) => wrong.push(format!("{name}: {difference}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(not_typed, NOT_TYPED);
    golden("typed-error-cases.txt", &cases);
}
