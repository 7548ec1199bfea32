//! Invitations: who may offer what, who uses them up, and what two people do at the same moment.

use crate::{
    bindings::custom_role,
    harness::{World, everywhere},
};
use castgate::{
    app::{Error, Gift, NotInvited, OfferChange, Wish},
    model::{
        BuiltInRole, ClusterId, DeliveryState, EventKind, Invitation, InvitationState, Role, Subject, User, UserId,
    },
};
use serde_json::json;
use std::time::Duration;

const MEMBER: Role = Role::BuiltIn(BuiltInRole::Member);

pub(crate) fn wish(email: &str, role: Role) -> Wish {
    Wish { email: email.to_owned(), role, clusters: Vec::new(), groups: Vec::new() }
}

/// What the first owner invites somebody to.
async fn offer(world: &World, wish: Wish) -> Result<Invitation, NotInvited> {
    let owner = world.as_user(&world.tenant.owner);
    world.app.invite(&owner, vec![wish], None).await.unwrap().remove(0)
}

pub(crate) async fn invite(world: &World, email: &str) -> Invitation {
    offer(world, wish(email, Role::VIEWER)).await.unwrap()
}

/// From now on the connection vouches for addresses at this domain.
async fn own_domain(world: &World, domain: &str) {
    let mut tx = world.store.write("test").await.unwrap();
    tx.set_domain_claim(&world.tenant.organization, &crate::harness::shown_domain(world, domain)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn push(world: &World, email: &str) -> Result<User, Error> {
    world.create(json!({"userName": email, "externalId": email, "emails": [{"value": email, "primary": true}]})).await
}

async fn state(world: &World, invitation: &Invitation) -> InvitationState {
    let owner = world.operator();
    world.app.invitation(&owner, &invitation.id).await.unwrap().state(world.now())
}

/// The kinds of events about something, the newest first.
async fn events(world: &World, subject: &str) -> Vec<EventKind> {
    let events = world.app.events(&world.operator(), Some(subject), "", 50).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

/// Sends what waits, and gives the letters there are.
async fn letters(world: &World) -> Vec<String> {
    world.app.send_letters().await.unwrap();
    let files = std::fs::read_dir(world.mail.path()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// The token in a letter's link.
fn token_in(letter: &str) -> String {
    let whole = letter.replace("=\r\n", "");
    let after = whole.split_once("/invitations/").unwrap().1;
    after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}

fn dead<T: std::fmt::Debug>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::TurnedAway(castgate::app::TurnedAway::DeadLink)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_address_is_judged_by_itself() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        push(world, "ada@acme.test").await.unwrap();
        world.app.set_invitation_domains(&owner, &["Acme.TEST".to_owned()], None).await.unwrap();
        let mut nowhere = wish("moe@acme.test", Role::VIEWER);
        nowhere.clusters = vec!["no-such-cluster".to_owned()];
        let wishes = vec![
            wish("Grace@acme.test", Role::VIEWER),
            wish("grace@ACME.test", Role::VIEWER),
            wish("ADA@acme.test", Role::VIEWER),
            wish("no address", Role::VIEWER),
            wish("eve@acme.test\r\nBcc: x@y.z", Role::VIEWER),
            wish("eve@elsewhere.test", Role::VIEWER),
            nowhere,
            wish("linus@acme.test", MEMBER),
        ];
        let outcomes = world.app.invite(&owner, wishes, None).await.unwrap();
        let said: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.as_ref().map_or_else(|refused| refused.code, |_| "invited"))
            .collect();
        let expected = [
            "invited",
            "already_invited",
            "already_member",
            "invalid",
            "invalid",
            "domain_not_allowed",
            "not_found",
            "invited",
        ];
        assert_eq!(said, expected, "{}", world.engine());
        let grace = outcomes[0].as_ref().unwrap();
        assert_eq!(grace.expires_at, world.now().plus(Duration::from_hours(7 * 24)));
        let all = world.app.invitations(&owner, "", 10).await.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(events(world, grace.id.as_str()).await, [EventKind::InvitationCreated]);
        assert_eq!(letters(world).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_offers_more_than_they_hold() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let people =
            custom_role(world, "people", "[\"manage-members\",\"view-clusters\",\"view-billing\",\"view-costs\"]")
                .await;
        let ada = world.hire("ada").await;
        world.give(Subject::User(ada.id.clone()), people, None).await.unwrap();
        let group = world.app.create_local_group(&owner, "powerful").await.unwrap();
        world.give(Subject::Group(group.id.clone()), MEMBER, None).await.unwrap();
        let as_ada = world.as_user(&ada.id);
        let mut by_group = wish("a@acme.test", Role::VIEWER);
        by_group.groups = vec!["powerful".to_owned()];
        let wishes = vec![by_group, wish("b@acme.test", Role::OWNER), wish("c@acme.test", Role::VIEWER)];
        let outcomes = world.app.invite(&as_ada, wishes, None).await.unwrap();
        let codes: Vec<_> =
            outcomes.iter().map(|outcome| outcome.as_ref().map_err(|refused| refused.code).err()).collect();
        assert_eq!(codes, [Some("forbidden"), Some("forbidden"), None]);
        let invited = outcomes[2].as_ref().unwrap();
        let raise = OfferChange { role: Some(Role::OWNER), ..OfferChange::default() };
        let raised = world.app.change_invitation(&as_ada, &invited.id, raise.clone()).await;
        assert!(matches!(raised, Err(Error::Forbidden { .. })), "{raised:?}");
        // An owner may; and then it is not hers to send again.
        let raised = world.app.change_invitation(&owner, &invited.id, raise).await.unwrap();
        assert_eq!((raised.offer.role.clone(), raised.version), (Role::OWNER, 2));
        let again = world.app.resend_invitation(&as_ada, &invited.id, None).await;
        assert!(matches!(again, Err(Error::Forbidden { .. })), "{again:?}");
        let vera = world.hire("vera").await;
        let refused = world.app.invite(&world.as_user(&vera.id), vec![wish("d@acme.test", Role::VIEWER)], None).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_uses_it_up_only_where_the_connection_owns_the_domain() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let prod = world.app.declare_cluster(&owner, "prod", None, None).await.unwrap().id;
        world.app.create_local_group(&owner, "on-call").await.unwrap();
        let grace = Wish {
            email: "Grace@acme.test".to_owned(),
            role: MEMBER,
            clusters: vec!["prod".to_owned()],
            groups: vec!["on-call".to_owned()],
        };
        let stranger = offer(world, wish("boss@elsewhere.test", Role::OWNER)).await.unwrap();
        let grace = offer(world, grace).await.unwrap();
        own_domain(world, "acme.test").await;
        let boss = push(world, "boss@elsewhere.test").await.unwrap();
        assert_eq!(world.roles(&boss.id).await, ["viewer"], "an address alone proves nothing");
        assert_eq!(state(world, &stranger).await, InvitationState::Pending);
        let user = push(world, "grace@acme.test").await.unwrap();
        assert_eq!(world.roles(&user.id).await, [format!("member@{prod}")], "{}", world.engine());
        let groups = world.app.groups_of_member(&owner, &user.id).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.display_name.as_str()).collect::<Vec<_>>(), ["on-call"]);
        let now = world.app.invitation(&owner, &grace.id).await.unwrap();
        assert_eq!((now.state(world.now()), now.accepted_by), (InvitationState::Accepted, Some(user.id.clone())));
        assert!(events(world, user.id.as_str()).await.contains(&EventKind::InvitationAccepted));
        // The terms still stand before everything.
        let session = world.session(&user.id).await;
        let visit = world.visit_session(&session).await.unwrap();
        assert!(matches!(visit.ctx(&world.app), Err(Error::TermsNotAccepted)));
        // What an invitation gave is a person's to take.
        let search = castgate::app::BindingSearch { source: Some("invitation".to_owned()), ..Default::default() };
        let given = world.app.bindings(&owner, &search, "", 10).await.unwrap();
        assert_eq!(given.len(), 1);
        world.app.take(&owner, &given[0].id).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_inviter_lost_meanwhile_is_not_given_and_can_be_sent_again() {
    everywhere(async |world| {
        own_domain(world, "acme.test").await;
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        let hers = world.give(Subject::User(ada.id.clone()), Role::OWNER, None).await.unwrap();
        let outcome = world.app.invite(&world.as_user(&ada.id), vec![wish("grace@acme.test", MEMBER)], None).await;
        let invitation = outcome.unwrap().remove(0).unwrap();
        world.app.take(&owner, &hers.id).await.unwrap();
        let grace = push(world, "grace@acme.test").await.unwrap();
        assert_eq!(world.roles(&grace.id).await, ["viewer"]);
        assert_eq!(state(world, &invitation).await, InvitationState::Pending);
        assert!(events(world, invitation.id.as_str()).await.contains(&EventKind::InvitationWithheld));
        // Somebody is here with the address now: the role itself is what to give.
        let again = world.app.resend_invitation(&owner, &invitation.id, None).await;
        assert!(matches!(again, Err(Error::Conflict { code: "already_member", .. })), "{again:?}");
        world.delete(&grace.id).await.unwrap();
        world.app.resend_invitation(&owner, &invitation.id, None).await.unwrap();
        let grace = push(world, "grace@acme.test").await.unwrap();
        assert_eq!(world.roles(&grace.id).await, ["member"], "{}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_again_revoking_and_time_each_kill_the_link() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let invitation = invite(world, "grace@elsewhere.test").await;
        let first = token_in(&letters(world).await[0]);
        for _ in 0..3 {
            let shown = world.app.invitation_shown(&first).await.unwrap();
            assert_eq!((shown.organization.as_str(), shown.inviter.as_str()), ("acme", "owner@acme.test"));
            assert_eq!(shown.offer, ["Viewer of the whole organization"]);
        }
        world.tick();
        world.app.resend_invitation(&owner, &invitation.id, Some(Duration::from_hours(24))).await.unwrap();
        assert!(dead(&world.app.invitation_shown(&first).await));
        let second = letters(world).await.iter().map(|letter| token_in(letter)).find(|token| *token != first).unwrap();
        world.app.invitation_shown(&second).await.unwrap();
        world.days(1);
        assert!(dead(&world.app.invitation_shown(&second).await));
        assert!(dead(&world.app.begin_acceptance(&second, None).await));
        assert_eq!(state(world, &invitation).await, InvitationState::Expired);
        // Another one may take its place, and then it is the other's turn.
        let other = invite(world, "GRACE@elsewhere.test").await;
        assert!(matches!(
            world.app.resend_invitation(&owner, &invitation.id, None).await,
            Err(Error::Conflict { code: "not_pending", .. })
        ));
        let third = letters(world)
            .await
            .iter()
            .map(|letter| token_in(letter))
            .find(|token| *token != first && *token != second);
        let third = third.unwrap();
        world.tick();
        let owner = world.as_user(&world.tenant.owner);
        world.app.revoke_invitation(&owner, &other.id).await.unwrap();
        world.app.revoke_invitation(&owner, &other.id).await.unwrap();
        for bad in [third.as_str(), "cgi_x", "", "cgl_0000000000000000000000000000000000000000000000"] {
            assert!(dead(&world.app.invitation_shown(bad).await), "{bad}");
        }
        assert_eq!(
            events(world, other.id.as_str()).await,
            [EventKind::InvitationRevoked, EventKind::InvitationCreated]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_lies_nowhere_but_in_the_letter() {
    everywhere(async |world| {
        let invitation = invite(world, "grace@elsewhere.test").await;
        let mut tx = world.store.read().await.unwrap();
        let due = tx.due_letters(world.now(), 10).await.unwrap();
        drop(tx);
        assert_eq!(due.len(), 1);
        let readable = String::from_utf8_lossy(&due[0].sealed).into_owned();
        assert!(!readable.contains("cgi_") && !readable.contains("grace"), "{readable}");
        let sent = letters(world).await;
        let token = token_in(&sent[0]);
        assert!(sent[0].contains("multipart/alternative") && sent[0].contains("Auto-Submitted: auto-generated"));
        let mut tx = world.store.read().await.unwrap();
        assert!(tx.due_letters(world.now().plus(Duration::from_hours(1000)), 10).await.unwrap().is_empty());
        drop(tx);
        let now = world.app.invitation(&world.operator(), &invitation.id).await.unwrap();
        assert_eq!((now.delivery.state, now.delivery.attempts), (DeliveryState::Sent, 1));
        let detail = format!("{:?}", world.app.events(&world.operator(), None, "", 50).await.unwrap());
        assert!(!detail.contains(&token) && !detail.contains("grace@"), "{detail}");
        assert_eq!(world.app.send_letters().await.unwrap(), castgate::app::LettersRound::default());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_of_a_cluster_that_is_gone_is_not_one_of_the_whole_organization() {
    everywhere(async |world| {
        own_domain(world, "acme.test").await;
        let owner = world.as_user(&world.tenant.owner);
        let cluster: ClusterId = world.app.declare_cluster(&owner, "prod", None, None).await.unwrap().id;
        let mut there = wish("grace@acme.test", MEMBER);
        there.clusters = vec!["prod".to_owned()];
        let invitation = offer(world, there).await.unwrap();
        world.app.remove_cluster(&owner, &cluster, None).await.unwrap();
        let grace = push(world, "grace@acme.test").await.unwrap();
        assert_eq!(world.roles(&grace.id).await, ["viewer"], "the default, and no more");
        assert_eq!(state(world, &invitation).await, InvitationState::Pending);
    })
    .await;
}

/// The person if the invitation was theirs; either way the two agree.
async fn agree(world: &World, invitation: &Invitation, user: &UserId) -> bool {
    let accepted = state(world, invitation).await == InvitationState::Accepted;
    let given = world.roles(user).await == ["member"];
    assert_eq!(accepted, given, "{}: accepted {accepted}, given {given}", world.engine());
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_and_revoking_at_the_same_moment_end_one_way() {
    everywhere(async |world| {
        own_domain(world, "acme.test").await;
        let owner = world.as_user(&world.tenant.owner);
        let mut accepted = 0;
        let rounds = 60;
        for round in 0..rounds {
            let email = format!("grace{round}@acme.test");
            let invitation = offer(world, wish(&email, MEMBER)).await.unwrap();
            let (revoke, push) = (world.app.revoke_invitation(&owner, &invitation.id), push(world, &email));
            // Now the one comes first, now the other.
            let (revoked, pushed) = if round % 2 == 0 {
                tokio::join!(revoke, push)
            } else {
                let (pushed, revoked) = tokio::join!(push, revoke);
                (revoked, pushed)
            };
            let user = pushed.unwrap();
            let was_accepted = agree(world, &invitation, &user.id).await;
            assert_eq!(revoked.is_err(), was_accepted, "{revoked:?}");
            accepted += usize::from(was_accepted);
        }
        assert!(accepted > 0 && accepted < rounds, "{}: {accepted} of {rounds} accepted first", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_invite_the_same_address_at_the_same_moment_make_one_invitation() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        for round in 0..40 {
            let one = || vec![wish(&format!("grace{round}@acme.test"), Role::VIEWER)];
            let (first, second) =
                tokio::join!(world.app.invite(&owner, one(), None), world.app.invite(&owner, one(), None));
            let outcomes = [first.unwrap().remove(0), second.unwrap().remove(0)];
            let codes: Vec<_> =
                outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(|no| no.code)).collect();
            assert_eq!(codes, ["already_invited"], "{}", world.engine());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_invited_by_an_owner_who_left_is_not_an_owner() {
    everywhere(async |world| {
        own_domain(world, "acme.test").await;
        let ada = world.hire("ada").await;
        let gift = Gift { subject: Subject::User(ada.id.clone()), role: Role::OWNER, cluster: None, until: None };
        world.app.give(&world.as_user(&world.tenant.owner), gift).await.unwrap();
        let by_ada = world.as_user(&ada.id);
        world.app.invite(&by_ada, vec![wish("grace@acme.test", Role::OWNER)], None).await.unwrap().remove(0).unwrap();
        world.set_active(&ada.id, false).await.unwrap();
        let grace = push(world, "grace@acme.test").await.unwrap();
        assert_eq!(world.roles(&grace.id).await, ["viewer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_nobody_takes_is_tried_again_and_then_given_up() {
    let mut settings =
        crate::harness::settings(&[("CASTGATE_MAIL__TRANSPORT", "smtp"), ("CASTGATE_MAIL__SMTP_HOST", "127.0.0.1")]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    settings.mail.smtp_port = silent.local_addr().unwrap().port();
    drop(silent);
    let world = World::with(&settings).await;
    let invitation = invite(&world, "grace@elsewhere.test").await;
    assert_eq!(world.app.send_letters().await.unwrap().postponed, 1);
    assert_eq!(world.app.send_letters().await.unwrap(), castgate::app::LettersRound::default(), "not due yet");
    let now = world.app.invitation(&world.operator(), &invitation.id).await.unwrap();
    assert_eq!((now.delivery.state, now.delivery.attempts), (DeliveryState::Queued, 1));
    assert!(now.delivery.reason.is_some());
    world.app.clock().advance(Duration::from_secs(11));
    assert_eq!(world.app.send_letters().await.unwrap().postponed, 1);
    world.days(3);
    assert_eq!(world.app.send_letters().await.unwrap().failed, 1);
    let now = world.app.invitation(&world.operator(), &invitation.id).await.unwrap();
    assert_eq!((now.delivery.state, now.delivery.attempts), (DeliveryState::Failed, 3));
    assert!(events(&world, invitation.id.as_str()).await.contains(&EventKind::InvitationUndelivered));
    assert_eq!(world.app.waiting_jobs().await.unwrap(), 0);
}
