//! Another organization's things are not there: the answer about one equals, to the letter, that about nothing.

use crate::scene::Scene;
use castgate::http::{self, Caller};
use castgate::model::Profile;

/// An id of the same kind that nothing has.
fn absent(id: &str) -> Option<String> {
    let (prefix, rest) = id.split_once('_')?;
    (rest.len() == 26).then(|| format!("{prefix}_06h00krhv1t3jel88ooobccad0"))
}

#[tokio::test]
async fn with_another_organizations_credential_a_thing_is_answered_like_one_that_is_not_there() {
    let scene = Scene::set().await;
    let owners = format!("Bearer {}", scene.other.key);
    let pushes = format!("Bearer {}", scene.other_push.token());
    let mut compared = 0;
    for route in http::routes() {
        let credential = match route.who {
            Caller::SessionOrKey | Caller::Key => owners.as_str(),
            Caller::ScimToken => pushes.as_str(),
            Caller::Anyone | Caller::SignedIn => continue,
        };
        let real = scene.path(&route, &scene.other.key).await;
        let nothing: Vec<String> =
            real.split('/').map(|part| absent(part).unwrap_or_else(|| part.to_owned())).collect();
        let nothing = nothing.join("/");
        if nothing == real {
            continue;
        }
        compared += 1;
        let theirs = scene.call(&route, &real, Some(("authorization", credential))).await;
        let none = scene.call(&route, &nothing, Some(("authorization", credential))).await;
        let mut said = theirs.but_for_its_number();
        for (real, nothing) in real.split('/').zip(nothing.split('/')) {
            said = said.replace(real, nothing);
        }
        let what = format!("{} {real}", route.method);
        assert_eq!((theirs.status, &said), (none.status, &none.but_for_its_number()), "{what}");
        assert!(theirs.status == 404 || (route.method == "GET" && theirs.status == 200), "{what}: {theirs:?}");
        assert_eq!(theirs.header("etag"), none.header("etag"), "{what}");
    }
    assert!(compared >= 20, "only {compared} routes name a thing");
}

/// Ids that come in a body are as little use as those in a path.
#[tokio::test]
async fn a_foreign_cluster_or_person_in_a_question_is_not_there() {
    let scene = Scene::set().await;
    let cluster = scene.world.app.declare_cluster(&scene.acme.operator, "prod", None, None).await.unwrap();
    let connection = scene.acme.connection("x", Profile::Okta).await;
    let bearer = format!("Bearer {}", scene.other.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for cluster in [cluster.slug.as_str(), "nowhere"] {
        let path = format!("/auth/verify?can=view-costs&cluster={cluster}");
        scene.world.client.get(&path, &headers[..1]).await.expect(404);
    }
    let events = format!("/api/v1/events?subject={}", connection.stored.id);
    let events = scene.world.client.get(&events, &headers[..1]).await.expect(200);
    assert_eq!(events.json()["items"], serde_json::json!([]));
}
