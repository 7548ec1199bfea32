//! Whatever comes, from wherever and in whatever order: an organization has an owner who can be reached or says that it has none,
//! and no key is above its owner.

mod stage;

use castgate::{
    app::{Credential, Error},
    model::{Holder, Role, Scope, UserState},
};
use proptest::{prelude::*, test_runner::TestRunner};
use stage::Stage;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

const PEOPLE: usize = 3;
const ROLES: [&str; 4] = ["owner", "member", "analyst", "viewer"];
const ISSUER: &str = "https://idp.test";
const AUDIENCE: &str = "https://castgate.test/ssf";
const MAPPINGS: [&str; 4] = [
    "rules: [{name: owners, groups: [castai-owners], grant: owner}]",
    "default: none\nrules: [{name: eng, groups: [eng], grant: member}]",
    "rules: [{name: by title, when: title pr, grant: owner}, {name: eng, groups: [eng], grant: analyst}]",
    "rules: []",
];
const SIGNALS: [&str; 4] = [
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
    "https://schemas.openid.net/secevent/risc/event-type/account-enabled",
    "https://schemas.openid.net/secevent/risc/event-type/account-purged",
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
];

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Push(usize),
    Active(usize, bool),
    Delete(usize),
    Member(usize, usize, bool),
    SignIn(usize),
    Invite(usize, usize),
    Role(usize, usize, usize),
    Until(usize, usize),
    Publish(usize),
    /// A key that carries what its owner holds, or the highest role that its owner may put into one.
    Key(usize, bool),
    Minutes,
    /// From here on the provider's tokens are out of date.
    Days,
    Undo,
    Signal(usize, usize),
    Review,
    Erase(usize),
    Enable(bool),
    Suspend(usize, bool),
    Founder(bool),
}

/// Where access comes from or goes; each of them has to have done something.
const SOURCES: [&str; 11] = [
    "push",
    "sign-in",
    "invitation",
    "role change",
    "mapping",
    "expiry",
    "undo",
    "signal",
    "review",
    "erasure",
    "a person's hand",
];

fn any_step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let role = || 0..ROLES.len();
    prop_oneof![
        4 => who().prop_map(Step::Push),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Step::Active(who, on)),
        2 => who().prop_map(Step::Delete),
        4 => (0..2_usize, who(), any::<bool>()).prop_map(|(group, who, comes)| Step::Member(group, who, comes)),
        2 => who().prop_map(Step::SignIn),
        2 => (who(), role()).prop_map(|(who, role)| Step::Invite(who, role)),
        4 => (who(), role(), 0..4_usize).prop_map(|(who, role, how)| Step::Role(who, role, how)),
        2 => (who(), role()).prop_map(|(who, role)| Step::Until(who, role)),
        3 => (0..MAPPINGS.len()).prop_map(Step::Publish),
        4 => (who(), any::<bool>()).prop_map(|(who, narrow)| Step::Key(who, narrow)),
        2 => Just(Step::Minutes),
        1 => Just(Step::Days),
        2 => Just(Step::Undo),
        3 => (who(), 0..SIGNALS.len()).prop_map(|(who, what)| Step::Signal(who, what)),
        2 => Just(Step::Review),
        2 => who().prop_map(Step::Erase),
        1 => any::<bool>().prop_map(Step::Enable),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Step::Suspend(who, on)),
        2 => any::<bool>().prop_map(Step::Founder),
    ]
}

/// Any steps; before half of them only the provider gives an owner, so that what it takes next counts.
fn any_history() -> impl Strategy<Value = Vec<Step>> {
    let alone = [Step::Push(0), Step::Member(0, 0, true), Step::Key(0, true), Step::Founder(true)];
    let before = prop_oneof![Just(Vec::new()), Just(alone.to_vec())];
    (before, prop::collection::vec(any_step(), 20..60)).prop_map(|(before, steps)| [before, steps].concat())
}

/// Whether an owner can be reached, from the rows themselves, and whether the organization says so.
async fn owners(stage: &Stage) -> Result<(), String> {
    let (app, operator) = (&stage.scene.app, stage.operator());
    let connection = app.connection(&operator, &stage.okta).await.unwrap();
    let mut tx = stage.scene.store.read().await.unwrap();
    let mut reachable = None;
    for user in app.members(&operator, "", 100).await.unwrap() {
        if user.state() != UserState::Active || (user.connection.is_some() && !connection.enabled) {
            continue;
        }
        let held = tx.bindings_reaching(&operator.organization, &user.id).await.unwrap();
        let is_owner = held
            .iter()
            .map(|held| &held.terms)
            .any(|terms| terms.role == Role::OWNER && terms.scope == Scope::Organization && terms.until.is_none());
        if is_owner {
            reachable = Some(user.id);
        }
    }
    let ownerless = app.organization(&operator).await.unwrap().ownerless_since;
    match (reachable, ownerless) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        (reachable, since) => Err(format!("reachable: {reachable:?}; ownerless since {since:?}")),
    }
}

/// No key is above its owner.
async fn keys_below(stage: &Stage) -> Result<(), String> {
    let (app, operator) = (&stage.scene.app, stage.operator());
    for secret in &stage.secrets {
        let Ok(visit) = app.visit(Credential::Key(secret)).await else { continue };
        let owner = match &visit.visitor.id {
            Holder::User(user) => app.access(&operator, user).await.unwrap(),
            Holder::ServiceAccount(id) => app.service_account_access(&operator, id).await.unwrap(),
        };
        if let Some((capability, scope)) = owner.lacks_of(&visit.access) {
            return Err(format!("a key of {} can {capability} at {scope}, and its owner cannot", visit.visitor.id));
        }
    }
    Ok(())
}

/// How often each source did something, over all histories.
type Tally = Mutex<BTreeMap<&'static str, usize>>;

async fn history(steps: &[Step], tally: &Tally) -> Result<(), String> {
    let mut stage = Stage::set().await;
    for (number, step) in steps.iter().enumerate() {
        let wrong = |what: String| format!("step {number}, {step:?}: {what}");
        match stage.play(step).await {
            Ok(source) => *tally.lock().unwrap().entry(source).or_default() += 1,
            Err(error @ (Error::Internal(_) | Error::Unavailable(_))) => return Err(wrong(format!("{error:?}"))),
            // Whatever is refused changes nothing, and that is looked at like all else.
            Err(_) => {}
        }
        owners(&stage).await.map_err(wrong)?;
        keys_below(&stage).await.map_err(wrong)?;
    }
    Ok(())
}

/// How many histories: `CASTGATE_TEST_HISTORIES`, or a few.
fn cases() -> u32 {
    std::env::var("CASTGATE_TEST_HISTORIES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16)
}

#[test]
fn whatever_comes_from_wherever_an_owner_is_there_or_missed_and_no_key_is_above_its_owner() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 60, ..Default::default() };
    let tally = Tally::default();
    let outcome = TestRunner::new(config)
        .run(&any_history(), |steps| runtime.block_on(history(&steps, &tally)).map_err(TestCaseError::fail));
    if let Err(wrong) = outcome {
        panic!("{wrong}");
    }
    let tally = tally.into_inner().unwrap();
    eprintln!("{tally:?}");
    let came: BTreeSet<&str> = tally.keys().copied().collect();
    let missing: Vec<&&str> = SOURCES.iter().filter(|source| !came.contains(**source)).collect();
    assert!(missing.is_empty(), "nothing ever came of these: {missing:?}");
}
