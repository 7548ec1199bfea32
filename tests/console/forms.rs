//! No state changes without the token of the session's own forms.

use crate::scene::Scene;
use castgate::http;

/// Parts of addresses as something that could be there: the token is looked at before anything else.
fn filled(path: &str) -> String {
    let ids = [
        ("/members/{id}", "usr"),
        ("/groups/{id}", "grp"),
        ("/clusters/{id}", "cls"),
        ("/roles/{id}", "rol"),
        ("/service-accounts/{id}", "sva"),
        ("/connections/{id}", "con"),
        ("/invitations/{id}", "inv"),
        ("/access-reviews/{id}", "rvw"),
        ("/webhooks/{id}", "whk"),
        ("/signals/{id}", "con"),
    ];
    let id = |prefix: &str| format!("{prefix}_06h01qbn45r9t2euf2aprlbdqk");
    let path =
        ids.iter().fold(path.to_owned(), |path, (of, prefix)| path.replace(of, &of.replace("{id}", &id(prefix))));
    let others = [("{key}", "key"), ("{token}", "tok"), ("{domain}", "dom"), ("{delivery}", "dlv")];
    let path = path.replace("{version}", "1");
    others.iter().fold(path, |path, (part, prefix)| path.replace(part, &id(prefix)))
}

#[tokio::test]
async fn a_form_without_the_token_or_with_another_changes_nothing() {
    let scene = Scene::set().await;
    let events = || async { scene.world.app.events(&scene.acme.operator, None, "", 500).await.unwrap().len() };
    let (before, other) = (events().await, scene.browser("other", castgate::model::BuiltInRole::Owner).await);
    let theirs = scene.token(&other).await;
    let made = events().await;
    assert!(made > before, "the other owner came");
    let mut forms = 0;
    for route in http::routes().iter().filter(|route| route.path.starts_with("/console") && route.method == "POST") {
        let path = filled(&route.path);
        for token in [None, Some("x"), Some(theirs.as_str())] {
            let fields: Vec<_> = token.map(|token| ("form", token)).into_iter().collect();
            let answer = scene.send(&path, &scene.owner, &fields).await;
            assert_eq!(answer.status, 403, "{path} with {token:?}: {answer:?}");
            assert!(answer.text.contains("a form that was not made for this session"), "{path}: {}", answer.text);
        }
        let form = "application/x-www-form-urlencoded";
        let headers = [("cookie", scene.owner.as_str()), ("content-type", form), ("sec-fetch-site", "cross-site")];
        let own = format!("form={}", scene.token(&scene.owner).await);
        let answer = scene.world.client.send("POST", &path, &headers, Some(own)).await;
        assert_eq!(answer.status, 403, "{path} from another site: {answer:?}");
        forms += 1;
    }
    assert!(forms > 20, "{forms}");
    assert_eq!(events().await, made, "something was changed");
}

#[tokio::test]
async fn nobody_who_is_not_signed_in_sees_a_page_not_even_that_there_is_none() {
    let scene = Scene::set().await;
    for path in ["/console", "/console/members", "/console/nothing/here"] {
        let answer = scene.page(path, "castgate=cgn_nothing").await.expect(303);
        let back = format!("/login?return_to={}", path.replace('/', "%2F"));
        assert_eq!(answer.header("location"), back, "they come back to where they wanted to go");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_inside_the_console() {
    let scene = Scene::set().await;
    for path in ["/console/nothing", "/console/members/usr_06h01qbn45r9t2euf2aprlbdqk", "/console/members/x"] {
        let answer = scene.page(path, &scene.owner).await.expect(404);
        assert!(
            answer.text.contains("Nothing here") && answer.text.contains("aria-label=\"Console\""),
            "{path}: {}",
            answer.text
        );
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
    }
    let answer = scene.page("/console/members", &scene.owner).await.expect(200);
    assert!(!answer.header("content-security-policy").contains("unsafe"), "{answer:?}");
    assert!(!answer.text.contains(" style=") && !answer.text.contains(" onclick"), "no inline style or script");
    assert_eq!(answer.header("cache-control"), "no-store", "a signed-out back button shows nothing");
}
