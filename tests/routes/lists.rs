//! Lists: pages, sealed cursors, filters.

use crate::{scene::Scene, world::Answer};
use serde_json::Value;

async fn get(scene: &Scene, key: &str, path: &str) -> Answer {
    scene.world.client.get(&format!("/api/v1{path}"), &[("authorization", &format!("Bearer {key}"))]).await
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_pages_of_a_list_are_the_list() {
    let scene = Scene::set().await;
    for list in ["/users", "/groups", "/events", "/connections", "/keys", "/clusters"] {
        for filter in ["", "&filter=id%20pr"] {
            let all = items(&get(&scene, &scene.acme.key, &format!("{list}?limit=500{filter}")).await.expect(200));
            let (mut paged, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("{list}?limit=1{filter}{after}");
                let page = get(&scene, &scene.acme.key, &path).await.expect(200);
                paged.extend(items(&page));
                match page.json()["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
                assert!(paged.len() <= all.len(), "{list} does not end");
            }
            assert_eq!(paged, all, "{list}{filter}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_filter_and_organization_alone() {
    let scene = Scene::set().await;
    let page = get(&scene, &scene.acme.key, "/users?limit=1").await.expect(200);
    let next = page.json()["next"].as_str().unwrap().to_owned();
    assert!(!next.contains("usr_") && !next.contains(items(&page)[0]["id"].as_str().unwrap()));
    get(&scene, &scene.acme.key, &format!("/users?after={next}")).await.expect(200);
    let mut letters: Vec<char> = next.chars().collect();
    letters[20] = if letters[20] == 'A' { 'B' } else { 'A' };
    let tampered: String = letters.into_iter().collect();
    let id = items(&page)[0]["id"].as_str().unwrap().to_owned();
    let refused = [
        (&scene.acme.key, format!("/users?after={tampered}")),
        (&scene.acme.key, format!("/groups?after={next}")),
        (&scene.acme.key, format!("/users?filter=id%20pr&after={next}")),
        (&scene.other.key, format!("/users?after={next}")),
        (&scene.acme.key, format!("/users?after={id}")),
        (&scene.acme.key, "/users?after=".to_owned()),
    ];
    for (key, path) in refused {
        let answer = get(&scene, key, &path).await.expect(400);
        let said = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(said.starts_with("after: this is not a cursor of this list"), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_filter_finds_what_it_says() {
    let scene = Scene::set().await;
    let found = async |path: &str| items(&get(&scene, &scene.acme.key, path).await.expect(200)).len();
    assert_eq!(found("/users?filter=userName%20sw%20%22vera%22").await, 1);
    assert_eq!(found("/users?filter=userName%20eq%20%22MONA@acme.test%22").await, 1);
    assert_eq!(found("/users?filter=groups.display%20eq%20%22analysts%22").await, 1);
    assert_eq!(found("/groups?filter=displayName%20co%20%22nalyst%22").await, 1);
    assert_eq!(found("/events?filter=kind%20eq%20%22group.created%22").await, 2);
    assert_eq!(found("/events?filter=at%20gt%20%222100-01-01%22").await, 0);
    assert_eq!(found("/connections?filter=enabled%20eq%20true").await, 1);
    assert_eq!(found("/connections?filter=settings.profile%20eq%20%22entra%22").await, 0);
    assert_eq!(found("/keys?filter=name%20eq%20%22First%20key%22").await, 1);
    let bad = get(&scene, &scene.acme.key, "/users?filter=userName%20is%20%22x%22").await.expect(400);
    assert!(bad.json()["detail"].as_str().unwrap().starts_with("filter: "), "{bad:?}");
}
