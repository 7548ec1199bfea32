//! Connections: whose steps are shown, how one speaks SCIM, what is said before something is gone, what came over time.

use crate::scene::Scene;
use castgate::model::{Adoption, GroupPush, PatchResponse, ScimDialect};

#[tokio::test]
async fn every_kind_of_provider_has_steps_and_values_of_its_own() {
    let scene = Scene::set().await;
    for (kind, step, waits) in [
        ("okta", "In the Okta admin console", "Okta"),
        ("entra", "In the Entra admin center", "Microsoft Entra ID"),
        ("google", "In the Google Cloud console", "Google Workspace"),
        ("oidc", "Make a confidential client", "the provider"),
        ("saml", "Make a SAML application", "the provider"),
        ("scim", "Where the provider asks for a SCIM base URL", "the directory"),
    ] {
        let fields = [("kind", kind), ("name", &format!("new-{kind}")), ("domains", "")];
        let made = scene.change("/console/connections", &scene.owner, &fields).await.expect(303);
        let address = made.header("location");
        let page = scene.page(address, &scene.owner).await.expect(200).text;
        assert!(page.contains(step) && page.contains("/scim/v2") && page.contains("data-copy"), "{kind}: {page}");
        let copied = match kind {
            "saml" => "ACS address",
            "scim" => "SCIM address",
            _ => "Redirect address",
        };
        assert!(page.contains(copied), "{kind}: {page}");
        assert_eq!(page.contains("id=\"issuer\""), !["saml", "scim"].contains(&kind), "{kind}: {page}");
        let path = address.split('?').next().unwrap();
        scene.change(&format!("{path}/tokens"), &scene.owner, &[("days", "90")]).await.expect(201);
        let live = scene.page(&format!("{path}/status?kind={kind}"), &scene.owner).await.expect(200).text;
        assert!(live.contains(&format!("Waiting for {waits}’s first request")), "{kind}: {live}");
    }
}

#[tokio::test]
async fn how_a_connection_speaks_scim_is_seen_and_set() {
    let scene = Scene::set().await;
    let path = format!("/console/connections/{}", scene.push.stored.id);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("How it speaks SCIM") && page.contains("value=\"tolerant\" selected"), "{page}");
    let fields = [
        ("reading", "strict"),
        ("patch_response", "empty"),
        ("group_push", "known_members"),
        ("adoption", "never"),
        ("read_roles", "yes"),
    ];
    scene.change(&format!("{path}/dialect"), &scene.owner, &fields).await.expect(303);
    let settings = scene.world.app.connection(&scene.acme.operator, &scene.push.stored.id).await.unwrap().settings;
    assert_eq!(
        (settings.dialect, settings.patch_response, settings.group_push, settings.adoption, settings.read_roles),
        (ScimDialect::Strict, PatchResponse::Empty, GroupPush::KnownMembers, Adoption::Never, true)
    );
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("value=\"strict\" selected") && page.contains("value=\"never\" selected"), "{page}");
    let other = [("reading", "loud"), fields[1], fields[2], fields[3]];
    scene.change(&format!("{path}/dialect"), &scene.owner, &other).await.expect(400);
}

#[tokio::test]
async fn what_is_lost_is_said_before_a_token_a_key_or_a_connection_ends() {
    let scene = Scene::set().await;
    let path = format!("/console/connections/{}", scene.push.stored.id);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    for text in ["Its sessions end at once", "The provider’s next push by it is refused"] {
        let before = page.split_once(text).unwrap_or_else(|| panic!("{text} is not said: {page}")).0;
        assert!(before.rsplit_once("<details").unwrap().1.starts_with(" class=\"sure\""), "{text} is behind a button");
    }
    let machine = scene.machine("agent").await;
    let page = scene.page(&format!("/console/service-accounts/{machine}"), &scene.owner).await.expect(200).text;
    assert!(page.contains("Whatever uses this key is refused at once"), "{page}");
}

#[tokio::test]
async fn pushes_and_sign_ins_and_their_failures_are_charted() {
    let scene = Scene::set().await;
    scene.push.post("/Users", serde_json::json!({"schemas": []})).await.expect(400);
    let page = scene.page("/console/activity/provisioning", &scene.owner).await.expect(200).text;
    let chart = page.split_once("<figcaption").unwrap().1.split("</figcaption>").next().unwrap();
    assert!(chart.contains("Pushes: 6 were taken, 1 refused") && chart.contains("A bar is an hour"), "{chart}");
    assert!(page.contains("<rect class=\"bad\""), "{page}");
    let other = format!("/console/activity/provisioning?connection={}", "con_06h01qbn45r9t2euf2aprlbdqk");
    assert!(!scene.page(&other, &scene.owner).await.expect(200).text.contains("<figcaption"), "nothing of another");
    let page = scene.page("/console/activity/sign-ins", &scene.owner).await.expect(200).text;
    assert!(page.contains("came in, 0 did not"), "{page}");
}
