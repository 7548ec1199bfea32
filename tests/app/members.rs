//! Members: who is here, was here or is invited; and several changed at once.

use crate::{
    harness::{World, everywhere},
    role_changes::{key_of, keys_of, member_with_key, role, told},
};
use castgate::{
    app::{
        ChangeOutcome, Choice, Ctx, Error, KeyDone, KeyTerms, MemberChange, MemberShown, MemberState, SeveralPreview,
    },
    model::{Subject, UserId},
};

fn owner(world: &World) -> Ctx {
    world.as_user(&world.tenant.owner)
}

async fn preview(world: &World, users: &[UserId], change: &MemberChange) -> SeveralPreview {
    world.app.preview_member_change(&owner(world), users, change).await.unwrap()
}

async fn make(world: &World, users: &[UserId], change: &MemberChange, terms: KeyTerms) -> Vec<ChangeOutcome> {
    world.app.change_members(&owner(world), (users, change), &terms).await.unwrap()
}

fn of(preview: SeveralPreview) -> KeyTerms {
    KeyTerms { preview: preview.token, ..KeyTerms::default() }
}

fn codes(outcomes: &[ChangeOutcome]) -> Vec<Option<&'static str>> {
    outcomes.iter().map(|one| one.outcome.as_ref().err().map(|why| why.code)).collect()
}

async fn members(world: &World) -> Vec<MemberShown> {
    world.app.members_shown(&owner(world), "", 100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_listed_with_their_state_their_roles_and_when_they_were_here() {
    everywhere(async |world| {
        let invitation = crate::invitations::invite(world, "grace@acme.test").await;
        let (ada, secret, _) = member_with_key(world, "ada").await;
        let (bob, eve) = (world.hire("bob").await, world.hire("eve").await);
        world.session(&bob.id).await;
        world.tick();
        world.key_used(&secret).await;
        world.app.suspend_member(&owner(world), &bob.id).await.unwrap();
        world.delete(&eve.id).await.unwrap();
        let all = members(world).await;
        let one = |id: &str| all.iter().find(|member| member.id == id).unwrap();
        let grace = one(invitation.id.as_str());
        assert_eq!((grace.state, grace.email.as_deref()), (MemberState::Invited, Some("grace@acme.test")));
        assert!(!grace.roles.is_empty() && grace.until.is_some() && grace.letter.is_some());
        let member = one(ada.id.as_str());
        assert_eq!((member.state, member.roles.as_slice()), (MemberState::Active, ["member".to_owned()].as_slice()));
        assert!(member.why[0].contains("given by a person"), "{member:?}");
        assert_eq!((member.by_key_at, member.in_person_at), (Some(world.now()), None));
        let bob = one(bob.id.as_str());
        assert_eq!(bob.state, MemberState::Suspended);
        assert!(bob.in_person_at.is_some() && bob.in_person_at < Some(world.now()) && bob.roles.is_empty());
        assert_eq!(one(eve.id.as_str()).state, MemberState::Removed);
        // Page after page it is the same list, invitations first.
        let (mut after, mut pages) = (String::new(), Vec::new());
        loop {
            let page = world.app.members_shown(&owner(world), &after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.id.clone();
            pages.extend(page);
        }
        assert_eq!(pages, all);
        world.app.revoke_invitation(&owner(world), &invitation.id).await.unwrap();
        assert!(members(world).await.iter().all(|member| member.state != MemberState::Invited));
        let viewer = world.as_user(&ada.id);
        assert!(matches!(world.app.members_shown(&viewer, "", 10).await, Err(Error::Forbidden { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_preview_shows_the_keys_of_all_and_who_is_refused_keeps_nobody_back() {
    everywhere(async |world| {
        let (ada, _, ada_key) = member_with_key(world, "ada").await;
        let (bob, _, bob_key) = member_with_key(world, "bob").await;
        let nobody: UserId = "usr_06h01qbn45r9t2euf2aprlbdqk".parse().unwrap();
        let users = [ada.id.clone(), nobody.clone(), bob.id.clone(), world.tenant.owner.clone()];
        let change = MemberChange::SetRole { role: role("viewer"), cluster: None, clusters: None };
        let shown = preview(world, &users, &change).await;
        let keys: Vec<_> = shown.changes.iter().map(|one| one.keys.len()).collect();
        assert_eq!(keys, [1, 0, 1, 0], "{shown:?}");
        let refused: Vec<_> = shown.changes.iter().map(|one| one.refused.as_ref().map(|why| why.code)).collect();
        assert_eq!(refused, [None, Some("not_found"), None, Some("last_owner")]);
        assert_eq!(world.roles(&ada.id).await, ["member"], "looking changes nothing");

        let mut terms = of(shown);
        terms.keys.insert(bob_key.id.clone(), Choice::Keep);
        let made = make(world, &users, &change, terms).await;
        assert_eq!(codes(&made), [None, Some("preview_stale"), None, Some("preview_stale")]);
        for (user, left) in [(&ada, 0), (&bob, 1)] {
            assert_eq!(world.roles(&user.id).await, ["viewer"]);
            assert_eq!(keys_of(world, &user.id).await.len(), left, "deleted unless something else was said");
        }
        let done: Vec<_> = made[2].outcome.as_ref().unwrap().iter().map(|one| one.done).collect();
        assert_eq!(done, [KeyDone::Kept]);
        assert!(ada_key.id != bob_key.id && world.roles(&world.tenant.owner).await == ["owner"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_in_between_holds_its_owners_change_up_and_no_other() {
    everywhere(async |world| {
        let (ada, _, _) = member_with_key(world, "ada").await;
        let (bob, _, _) = member_with_key(world, "bob").await;
        let users = [ada.id.clone(), bob.id.clone()];
        let change = MemberChange::SetRole { role: role("viewer"), cluster: None, clusters: None };
        let shown = preview(world, &users, &change).await;
        world.key(&ada.id).await;
        let made = make(world, &users, &change, of(shown)).await;
        assert_eq!(codes(&made), [Some("preview_stale"), None]);
        assert_eq!(
            (world.roles(&ada.id).await, world.roles(&bob.id).await),
            (vec!["member".into()], vec!["viewer".into()])
        );
        assert_eq!(keys_of(world, &ada.id).await.len(), 2);
        // A token is good for what it was shown for, and for nothing else.
        let shown = preview(world, &users, &change).await;
        let other = MemberChange::SetRole { role: role("owner"), cluster: None, clusters: None };
        let made = make(world, &users, &other, of(shown.clone())).await;
        assert_eq!(codes(&made), [Some("preview_stale"); 2]);
        let mut terms = of(shown);
        terms.keys.insert("key_06h01qbn45r9t2euf2aprlbdqk".parse().unwrap(), Choice::Keep);
        let refused = world.app.change_members(&owner(world), (&users, &change), &terms).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        for bad in ["", "kps1_", "kps1_x", "kp1_x"] {
            let terms = KeyTerms { preview: bad.to_owned(), ..KeyTerms::default() };
            let refused = world.app.change_members(&owner(world), (&users, &change), &terms).await;
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{bad}: {refused:?}");
        }
        let twice = [ada.id.clone(), ada.id.clone()];
        let refused = world.app.preview_member_change(&owner(world), &twice, &change).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_suspended_brought_back_grouped_and_never_the_last_owner() {
    everywhere(async |world| {
        let (ada, _, key) = member_with_key(world, "ada").await;
        let other = world.hire("other").await;
        world.give(Subject::User(other.id.clone()), role("owner"), None).await.unwrap();
        let users = [ada.id.clone(), other.id.clone(), world.tenant.owner.clone()];
        // Each by itself may go; both owners may not.
        let ctx = world.as_user(&other.id);
        let shown = world.app.preview_member_change(&ctx, &users, &MemberChange::Suspend {}).await.unwrap();
        let terms = KeyTerms { preview: shown.token, ..KeyTerms::default() };
        let made = world.app.change_members(&owner(world), (&users, &MemberChange::Suspend {}), &terms).await.unwrap();
        assert_eq!(codes(&made)[..2], [None, None]);
        assert!(codes(&made)[2].is_some(), "the last owner stays: {made:?}");
        assert_eq!(key_of(world, &ada.id).await.id, key.id, "a suspended person's keys wait for them");
        let users = [ada.id.clone(), other.id.clone()];
        let shown = preview(world, &users, &MemberChange::Reactivate {}).await;
        assert_eq!(codes(&make(world, &users, &MemberChange::Reactivate {}, of(shown)).await), [None, None]);
        let group = world.app.create_local_group(&owner(world), "on-call").await.unwrap();
        let join = MemberChange::Join { group: group.id.clone() };
        let shown = preview(world, &users, &join).await;
        assert_eq!(codes(&make(world, &users, &join, of(shown)).await), [None, None]);
        let (_, inside) = world.app.group_members(&owner(world), &group.id).await.unwrap();
        assert_eq!(inside.len(), 2);
        let remove = preview(world, &users, &MemberChange::Remove {}).await;
        assert!(remove.changes.iter().all(|one| one.refused.as_ref().is_some_and(|why| why.code == "not_local")));
        assert_eq!(told(world, "user.suspended").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_sent_again_only_so_often() {
    everywhere(async |world| {
        let owner = owner(world);
        let invitation = crate::invitations::invite(world, "grace@elsewhere.test").await;
        let most = world.app.settings().invitations.resends;
        for sent in 1..=most {
            let again = world.app.resend_invitation(&owner, &invitation.id, None).await.unwrap();
            assert_eq!(again.resends, i64::from(sent));
        }
        let refused = world.app.resend_invitation(&owner, &invitation.id, None).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "sent_too_often", .. })), "{refused:?}");
        let kept = world.app.invitation(&owner, &invitation.id).await.unwrap();
        assert_eq!(
            (kept.resends, kept.state(world.now())),
            (i64::from(most), castgate::model::InvitationState::Pending)
        );
    })
    .await;
}
