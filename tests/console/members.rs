//! The list of members.

use crate::scene::Scene;

#[tokio::test]
async fn members_are_shown_with_state_roles_and_reasons() {
    let scene = Scene::set().await;
    let page = scene.page("/console/members", &scene.owner).await.expect(200).text;
    for text in [
        "Ada Lovelace",
        "katherine@acme.test",
        "Add new members",
        "through the group “finance”: rule “analysts of finance”",
        "cluster staging-eu",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    let people = &scene.people;
    assert!(!page.contains(&format!(">{}<", people[0])), "an id is shown where a name exists");
}

#[tokio::test]
async fn members_are_found_by_words_and_by_filters() {
    let scene = Scene::set().await;
    let found = |query: &str| {
        let path = format!(
            "/console/members?{}",
            url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", query).finish()
        );
        async { scene.page(&{ path }, &scene.owner).await.expect(200).text }
    };
    let words = found("grace").await;
    assert!(words.contains("Grace Hopper") && !words.contains("Mary Jackson"));
    let filter = found("department eq \"Finance\"").await;
    assert!(filter.contains("Mary Jackson") && !filter.contains("Grace Hopper"));
    let broken = found("department eq \"Finance\" andd").await;
    assert!(broken.contains("The search is not understood"), "{broken}");
    assert!(found("nobody is called this").await.contains("Nobody is found"));
}

#[tokio::test]
async fn a_page_of_many_is_small_and_leads_to_the_next() {
    let scene = Scene::set().await;
    for number in 0..120 {
        scene
            .person(&format!("person-{number:03}"), &format!("Person Number {number:03} of Many"), "Engineering")
            .await;
    }
    let (mut path, mut seen, mut pages) = ("/console/members".to_owned(), std::collections::BTreeSet::new(), 0);
    loop {
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        assert!(page.len() < 200_000, "{} bytes", page.len());
        seen.extend(
            page.split("<input type=\"checkbox\" name=\"id\" value=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned()),
        );
        pages += 1;
        let Some((before, _)) = page.split_once("\">Next page<") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    }
    assert_eq!((pages, seen.len()), (3, 125));
}
