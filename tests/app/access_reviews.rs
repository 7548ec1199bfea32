//! Access reviews: what nobody uses is found, decided about, and taken away only while it is still unused.

use crate::{
    harness::{World, everywhere},
    role_changes::{key_of, keys_of, member_with_key, role, told},
};
use castgate::{
    app::{ChangeOutcome, Choice, Ctx, Error, KeyDone, KeyTerms, Question, ReviewDecision, ShownProposal},
    model::{
        AccessReviewId, Capability, Finding, Holder, ReviewLimits, ReviewProgress, Subject, User, UserId, Verdict,
    },
};

fn owner(world: &World) -> Ctx {
    world.as_user(&world.tenant.owner)
}

async fn start(world: &World, limits: ReviewLimits) -> AccessReviewId {
    world.app.start_access_review(&owner(world), "Spring", limits).await.unwrap().0.id
}

async fn found(world: &World, id: &AccessReviewId) -> Vec<ShownProposal> {
    world.app.review_proposals(&owner(world), id, ("", 500)).await.unwrap()
}

async fn of_kind(world: &World, id: &AccessReviewId, kind: &str) -> Vec<ShownProposal> {
    found(world, id).await.into_iter().filter(|one| one.finding.kind() == kind).collect()
}

async fn decide(
    world: &World,
    id: &AccessReviewId,
    proposal: &ShownProposal,
    verdict: Verdict,
) -> Result<ReviewProgress, Error> {
    let note = "as agreed".to_owned();
    let decision = ReviewDecision { proposal: proposal.id.clone(), verdict: Some(verdict), note };
    world.app.decide_in_review(&owner(world), id, &[decision]).await
}

async fn apply(world: &World, id: &AccessReviewId, others: Option<Choice>) -> Vec<ChangeOutcome> {
    let preview = world.app.preview_access_review(&owner(world), id).await.unwrap();
    let terms = KeyTerms { preview: preview.token, others, ..KeyTerms::default() };
    world.app.apply_access_review(&owner(world), id, &terms).await.unwrap()
}

fn refusal(outcome: &ChangeOutcome) -> Option<&'static str> {
    outcome.outcome.as_ref().err().map(|refused| refused.code)
}

async fn state(world: &World, id: &UserId) -> castgate::model::UserState {
    world.app.member(&world.operator(), id).await.unwrap().state()
}

/// A second owner, by a person's doing.
async fn second_owner(world: &World, name: &str) -> User {
    let user = world.hire(name).await;
    world.give(Subject::User(user.id.clone()), role("owner"), None).await.unwrap();
    user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_not_here_for_long_is_found_with_the_evidence_and_suspended_if_somebody_decides_so() {
    everywhere(async |world| {
        let (gone, here) = (world.hire("gone").await, world.hire("here").await);
        let (by_key, secret, _) = member_with_key(world, "by-key").await;
        world.session(&gone.id).await;
        world.days(100);
        world.session(&here.id).await;
        world.key_used(&secret).await;
        let newcomer = world.hire("newcomer").await;
        world.session(&world.tenant.owner).await;
        let review = start(world, ReviewLimits::default()).await;
        let unused = of_kind(world, &review, "unused_account").await;
        let [one] = unused.as_slice() else { panic!("{unused:?}") };
        let Finding::UnusedAccount { user, in_person_at, by_key_at, local, .. } = &one.finding else { panic!() };
        assert_eq!((user, *by_key_at, *local), (&gone.id, None, false));
        assert!(in_person_at.is_some() && one.about.contains("gone"), "{one:?}");
        assert!(unused.iter().all(|one| ![&here.id, &by_key.id, &newcomer.id].contains(&match &one.finding {
            Finding::UnusedAccount { user, .. } => user,
            _ => panic!(),
        })));
        let refused = decide(world, &review, one, Verdict::Remove).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "the provider removes whom it pushes: {refused:?}");
        let progress = decide(world, &review, one, Verdict::Suspend).await.unwrap();
        assert_eq!((progress.decided, progress.to_apply, progress.applied), (1, 1, 0));
        assert_eq!(state(world, &gone.id).await, castgate::model::UserState::Active, "a decision changes nothing");
        let made = apply(world, &review, None).await;
        assert!(made.len() == 1 && made[0].outcome.is_ok(), "{made:?}");
        assert_eq!(state(world, &gone.id).await, castgate::model::UserState::Suspended);
        let shown = of_kind(world, &review, "unused_account").await.remove(0);
        let decided = shown.decided.unwrap();
        assert_eq!((decided.verdict, decided.note.as_str()), (Verdict::Suspend, "as agreed"));
        assert!(decided.by.contains(world.tenant.owner.as_str()) && shown.applied_at.is_some());
        for kind in ["review.started", "review.decided", "review.applied", "user.suspended"] {
            assert_eq!(told(world, kind).await, 1, "{kind}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_since_the_review_looked_is_not_taken() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let bob = world.hire("bob").await;
        let (machine, machine_key) = world.machine("agent").await;
        world.days(100);
        let review = start(world, ReviewLimits::default()).await;
        for one in found(world, &review).await {
            let verdict = one.verdicts.iter().copied().find(|verdict| *verdict != Verdict::Keep);
            if let (Some(verdict), false) = (verdict, one.finding.subjects().contains(&world.tenant.owner.to_string()))
            {
                decide(world, &review, &one, verdict).await.unwrap();
            }
        }
        // Between the decision and its application Ada's key is used, Bob signs in, and the machine works.
        world.key_used(&secret).await;
        world.key_used(machine_key.expose()).await;
        world.session(&bob.id).await;
        let made = apply(world, &review, None).await;
        assert!(made.len() >= 5, "two people, a machine and two keys: {made:?}");
        assert!(made.iter().all(|one| refusal(one) == Some("preview_stale")), "refused in the preview: {made:?}");
        let preview = world.app.preview_access_review(&owner(world), &review).await.unwrap();
        assert!(preview.changes.iter().all(|one| one.refused.as_ref().is_some_and(|why| why.code == "used_since")));
        assert_eq!(key_of(world, &ada.id).await.id, key.id);
        for id in [&ada.id, &bob.id] {
            assert_eq!(state(world, id).await, castgate::model::UserState::Active);
        }
        let account = world.app.service_account(&owner(world), &machine.id).await.unwrap();
        assert!(!account.suspended);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_idle_only_if_it_is_recorded_for_all_the_days_that_they_used_nothing_of_an_owner() {
    everywhere(async |world| {
        let limits = ReviewLimits { owner_days: 30, ..ReviewLimits::default() };
        let (idle, busy, by_service) = (
            second_owner(world, "idle").await,
            second_owner(world, "busy").await,
            second_owner(world, "by-service").await,
        );
        let first = start(world, limits).await;
        assert!(of_kind(world, &first, "idle_owner").await.is_empty());
        let (kept, _) = world.app.access_review(&owner(world), &first).await.unwrap();
        assert!(kept.gaps.iter().any(|gap| gap.contains("Owners were not looked at")), "{kept:?}");
        world.days(31);
        // What a member may do as well is no use of Owner; asked about by its name, at a service, it is one.
        for (user, can) in [(&idle, Capability::ManageClusters), (&by_service, Capability::AccessBilling)] {
            let session = world.session(&user.id).await;
            let visit = world.visit_session(&session).await.unwrap();
            world.app.ask(&visit, &Question { can: Some(can), cluster: None }).await.unwrap();
        }
        world.app.members(&world.as_user(&busy.id), "", 10).await.unwrap();
        let review = start(world, limits).await;
        let found = of_kind(world, &review, "idle_owner").await;
        let [one] = found.as_slice() else { panic!("{found:?}") };
        let Finding::IdleOwner { user, binding, last_used_at, .. } = &one.finding else { panic!() };
        assert_eq!((user, last_used_at), (&idle.id, &None));
        assert!(binding.is_some());
        crate::keys::accept(world, &idle.id).await;
        let secret = world.key(&idle.id).await;
        decide(world, &review, one, Verdict::Reduce).await.unwrap();
        let preview = world.app.preview_access_review(&owner(world), &review).await.unwrap();
        let [change] = preview.changes.as_slice() else { panic!("{preview:?}") };
        assert_eq!(change.keys.len(), 1, "the key that it touches is shown");
        let made = apply(world, &review, Some(Choice::Keep)).await;
        let keys = made[0].outcome.as_ref().unwrap();
        assert_eq!(keys.iter().map(|key| key.done).collect::<Vec<_>>(), [KeyDone::Kept]);
        assert_eq!(world.roles(&idle.id).await, ["member"]);
        assert!(world.visit_key(secret.expose()).await.is_ok());
        assert_eq!(world.roles(&busy.id).await, ["owner"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_about_themselves_and_a_closed_review_stays_as_it_is() {
    everywhere(async |world| {
        world.days(100);
        let gone = world.hire("gone").await;
        world.days(100);
        let limits = ReviewLimits { owner_days: 3650, ..ReviewLimits::default() };
        let review = start(world, limits).await;
        let own = found(world, &review)
            .await
            .into_iter()
            .find(|one| one.finding.subjects().contains(&world.tenant.owner.to_string()));
        let own = own.expect("the first owner's key was never used");
        let refused = decide(world, &review, &own, Verdict::Remove).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "own_access", .. })), "{refused:?}");
        let one = of_kind(world, &review, "unused_account").await;
        let one = one.iter().find(|one| one.finding.subjects() == [gone.id.to_string()]).unwrap();
        decide(world, &review, one, Verdict::Suspend).await.unwrap();
        world.app.close_access_review(&owner(world), &review).await.unwrap();
        let closed = |refused: &Result<_, Error>| matches!(refused, Err(Error::Conflict { code: "review_closed", .. }));
        assert!(closed(&decide(world, &review, one, Verdict::Keep).await.map(drop)));
        assert!(closed(&world.app.preview_access_review(&owner(world), &review).await.map(drop)));
        assert!(closed(&world.app.close_access_review(&owner(world), &review).await.map(drop)));
        assert_eq!(state(world, &gone.id).await, castgate::model::UserState::Active);
        let viewer = world.as_user(&gone.id);
        let limits = ReviewLimits::default();
        for refused in [
            world.app.start_access_review(&viewer, "x", limits).await.map(drop),
            world.app.review_proposals(&viewer, &review, ("", 10)).await.map(drop),
            world.app.review_evidence(&viewer, &review).await.map(drop),
            world.app.preview_access_review(&viewer, &review).await.map(drop),
        ] {
            assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_group_takes_the_place_of_many_direct_roles_and_no_key_notices() {
    everywhere(async |world| {
        world.app.declare_cluster(&owner(world), "prod", None, None).await.unwrap();
        let mut people = Vec::new();
        for name in ["ada", "bob", "eve"] {
            let user = world.hire(name).await;
            crate::keys::accept(world, &user.id).await;
            world.give(Subject::User(user.id.clone()), role("member"), Some("prod")).await.unwrap();
            let secret = world.key(&user.id).await.expose().to_owned();
            people.push((user, secret));
        }
        let review = start(world, ReviewLimits::default()).await;
        let found = of_kind(world, &review, "common_binding").await;
        let [one] = found.as_slice() else { panic!("{found:?}") };
        let mut before = Vec::new();
        for (user, _) in &people {
            before.push(world.roles(&user.id).await);
        }
        decide(world, &review, one, Verdict::Group).await.unwrap();
        let made = apply(world, &review, None).await;
        assert!(made[0].outcome.as_ref().is_ok_and(Vec::is_empty), "no key is touched: {made:?}");
        for ((user, secret), before) in people.iter().zip(before) {
            assert_eq!(world.roles(&user.id).await, before, "they hold what they held");
            assert!(world.visit_key(secret).await.is_ok());
            let access = world.app.access(&world.operator(), &user.id).await.unwrap();
            let why: Vec<_> = access.derivations.iter().map(ToString::to_string).collect();
            assert!(why.len() == 1 && why[0].contains("through group “member at prod”"), "{why:?}");
        }
        world.app.review_keys().await.unwrap();
        assert_eq!(keys_of(world, &people[0].0.id).await.len(), 1);
        assert_eq!(told(world, "key.attenuated").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_role_that_a_group_gives_as_well_is_taken_only_while_the_group_gives_it() {
    everywhere(async |world| {
        let group = world.app.create_local_group(&owner(world), "analysts").await.unwrap();
        let mut people = Vec::new();
        for name in ["ada", "bob"] {
            let user = world.hire(name).await;
            world.give(Subject::User(user.id.clone()), role("analyst"), None).await.unwrap();
            let member = Holder::User(user.id.clone());
            world.app.join_local_group(&owner(world), &group.id, &member).await.unwrap();
            people.push(user);
        }
        world.give(Subject::Group(group.id.clone()), role("analyst"), None).await.unwrap();
        let review = start(world, ReviewLimits { group_of: 2, ..ReviewLimits::default() }).await;
        let found = of_kind(world, &review, "redundant_binding").await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(of_kind(world, &review, "common_binding").await.is_empty(), "what a group gives needs no other group");
        for one in &found {
            decide(world, &review, one, Verdict::Remove).await.unwrap();
        }
        let bob = Holder::User(people[1].id.clone());
        world.app.leave_local_group(&owner(world), &group.id, &bob).await.unwrap();
        let made = apply(world, &review, None).await;
        assert_eq!(made.iter().filter(|one| one.outcome.is_ok()).count(), 1, "{made:?}");
        for user in &people {
            assert_eq!(world.roles(&user.id).await, ["analyst"], "nobody lost anything");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unused_keys_and_stale_invitations_end_as_decided() {
    everywhere(async |world| {
        let (ada, _, key) = member_with_key(world, "ada").await;
        let (machine, _) = world.machine("agent").await;
        let invitation = crate::invitations::invite(world, "grace@acme.test").await;
        world.days(100);
        let review = start(world, ReviewLimits::default()).await;
        let kinds = ["unused_key", "stale_invitation", "unused_service_account"];
        for one in found(world, &review).await {
            let own = one.finding.subjects().contains(&world.tenant.owner.to_string());
            if kinds.contains(&one.finding.kind()) && !own {
                decide(world, &review, &one, Verdict::Remove).await.unwrap();
            }
        }
        let made = apply(world, &review, None).await;
        // The machine's key ends with the machine, or before it: whichever came first, neither is left.
        assert!(made.iter().filter(|one| one.outcome.is_ok()).count() >= 3, "{made:?}");
        assert!(!keys_of(world, &ada.id).await.iter().any(|left| left.id == key.id));
        assert!(world.app.service_account(&owner(world), &machine.id).await.is_err());
        let invitation = world.app.invitation(&owner(world), &invitation.id).await.unwrap();
        assert_eq!(invitation.state(world.now()), castgate::model::InvitationState::Revoked);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_evidence_is_csv_without_formulas_and_says_what_it_rests_on() {
    everywhere(async |world| {
        let body = serde_json::json!({"userName": "=cmd|' /C calc'!A0", "externalId": "x", "displayName": "@SUM(1)"});
        world.create(body).await.unwrap();
        world.days(100);
        let review = start(world, ReviewLimits::default()).await;
        let evidence = world.app.review_evidence(&owner(world), &review).await.unwrap();
        assert!(evidence.statement.contains("is not recorded"));
        let csv = evidence.csv();
        let lines: Vec<_> = csv.split("\r\n").filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), evidence.proposals.len() + 1);
        assert!(lines.iter().any(|line| line.contains("\"'@SUM(1)\"")), "{csv}");
        assert!(!csv.contains("\"@") && !csv.contains("\"="), "{csv}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_apply_at_once_one_does_it() {
    everywhere(async |world| {
        let gone = world.hire("gone").await;
        world.days(100);
        let review = start(world, ReviewLimits::default()).await;
        let one = of_kind(world, &review, "unused_account").await;
        let one = one.iter().find(|one| one.finding.subjects() == [gone.id.to_string()]).unwrap();
        decide(world, &review, one, Verdict::Suspend).await.unwrap();
        let preview = world.app.preview_access_review(&owner(world), &review).await.unwrap();
        let terms = KeyTerms { preview: preview.token, ..KeyTerms::default() };
        let ctx = owner(world);
        let (first, second) = tokio::join!(
            world.app.apply_access_review(&ctx, &review, &terms),
            world.app.apply_access_review(&ctx, &review, &terms)
        );
        let made = first.unwrap().into_iter().chain(second.unwrap()).filter(|one| one.outcome.is_ok());
        assert_eq!(made.count(), 1, "once, and the other is told so or finds nothing left to do");
        assert_eq!(told(world, "review.applied").await, 1);
        let progress = world.app.access_review(&owner(world), &review).await.unwrap().1;
        assert_eq!((progress.applied, progress.to_apply), (1, 0));
    })
    .await;
}
