//! What ends by the clock: it is good until its moment, and refused at it.

use crate::{
    kinds::{Held, Kind, Standing},
    stage::everywhere,
    tenant::Tenant,
};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Good a second before, and ended when the time is over.
async fn is_over_after(tenant: &Tenant, held: &Held, kinds: &[(Kind, Standing)], span: Duration) {
    let (clock, engine) = (tenant.stage.world.app.clock(), tenant.stage.engine);
    clock.advance(span.checked_sub(Duration::from_secs(1)).unwrap());
    for (kind, _) in kinds.iter().filter(|(kind, _)| !kind.is_for_one_use()) {
        assert_eq!(tenant.ask(held, *kind).await, Standing::Full, "{} a second early on {engine}", kind.name());
    }
    clock.advance(Duration::from_secs(1));
    for (kind, wanted) in kinds {
        assert_eq!(tenant.ask(held, *kind).await, *wanted, "{} at its end on {engine}", kind.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_took_the_place_of_ends_when_both_have_held_for_a_while() {
    everywhere(async |stage| {
        let tenant = Tenant::found(stage, "rotated").await;
        let held = tenant.hold().await;
        let overlap = json!({"overlap_hours": 1});
        let own = format!("/keys/{}/rotate", tenant.id("oda.key"));
        tenant.api(held.of(Kind::OdaKey), "POST", &own, Some(overlap.clone())).await.expect(201);
        let machine = format!("/service-accounts/{}/keys/{}/rotate", tenant.id("mack"), tenant.id("mack.key"));
        tenant.owner("POST", &machine, Some(overlap.clone())).await.expect(201);
        let token = format!("/connections/{}/tokens/{}/rotate", tenant.idp.stored.id, tenant.idp.token.id);
        tenant.owner("POST", &token, Some(overlap)).await.expect(201);
        let over = [Kind::OdaKey, Kind::MackKey, Kind::IdpToken].map(|kind| (kind, Standing::Refused));
        is_over_after(&tenant, &held, &over, HOUR).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_was_given_until_a_moment_is_gone_at_it() {
    everywhere(async |stage| {
        let tenant = Tenant::found(stage, "until").await;
        let held = tenant.hold().await;
        tenant.owner("DELETE", &format!("/bindings/{}", tenant.id("sami.binding")), None).await.expect(204);
        let until = stage.now().plus(Duration::from_mins(30)).to_string();
        let binding = json!({"subject": tenant.id("sami"), "role": tenant.id("deployers"), "until": until});
        tenant.owner("POST", "/bindings", Some(binding)).await.expect(201);
        is_over_after(&tenant, &held, &[(Kind::SamiSession, Standing::Less)], Duration::from_mins(30)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_a_life_ends_with_it() {
    everywhere(async |stage| {
        let tenant = Tenant::found(stage, "lives").await;
        let held = tenant.hold().await;
        let refused = |kinds: &[Kind]| kinds.iter().map(|kind| (*kind, Standing::Refused)).collect::<Vec<_>>();
        let jwts = refused(&[Kind::OdaSessionJwt, Kind::OdaKeyJwt, Kind::MackKeyJwt]);
        is_over_after(&tenant, &held, &jwts, Duration::from_mins(1)).await;
        is_over_after(&tenant, &held, &refused(&[Kind::OdaCliCode]), Duration::from_mins(1)).await;
        let hour = refused(&[Kind::IdpAccess, Kind::LolaReset, Kind::OdaSignIn, Kind::SamiSignIn]);
        is_over_after(&tenant, &held, &hour, Duration::from_mins(58)).await;
        // Nobody used them for an hour.
        for kind in [Kind::OdaSession, Kind::SamiSession, Kind::LolaSession, Kind::LolaOther] {
            assert_eq!(tenant.ask(&held, kind).await, Standing::Refused, "{} on {}", kind.name(), stage.engine);
        }
        let week = refused(&[Kind::SetupLink, Kind::Invitation]);
        is_over_after(&tenant, &held, &week, Duration::from_hours(7 * 24 - 1)).await;
        for kind in [Kind::OdaKey, Kind::LolaKey, Kind::MackKey, Kind::IdpToken, Kind::IdpClient, Kind::IdpSignals] {
            assert_eq!(tenant.ask(&held, kind).await, Standing::Full, "{} on {}", kind.name(), stage.engine);
        }
    })
    .await;
}
