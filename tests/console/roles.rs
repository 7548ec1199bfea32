//! What a role may not do is not offered, and is refused when it is asked for all the same.

use crate::scene::Scene;
use castgate::{app::Need, http, model::BuiltInRole};
use std::fmt::Write as _;

#[tokio::test]
async fn each_role_is_offered_what_it_may_and_no_more() {
    let scene = Scene::set().await;
    let (mut table, mut wrong) = (String::new(), Vec::new());
    for role in BuiltInRole::ALL {
        let cookie = scene.browser(&format!("{}-browser", role.name()), role).await;
        let page = scene.page("/console/you", &cookie).await.expect(200);
        let navigation = page.text.split_once("<nav").unwrap().1.split_once("</nav>").unwrap().0;
        let ways: Vec<&str> = navigation.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        writeln!(table, "{:8} {}", role.name(), ways.join(" ")).unwrap();
        for route in http::routes().iter().filter(|route| route.path.starts_with("/console/") && route.method == "GET")
        {
            if route.path.contains('{') {
                continue;
            }
            let Some(Need::Capability(capability)) = route.need else { continue };
            let status = scene.page(&route.path, &cookie).await.status;
            let may = role.capabilities().contains(&capability);
            if (status == 403) == may {
                wrong.push(format!("{} of {}: {status}", route.path, role.name()));
            }
            let is_page_of_its_own = ways.contains(&route.path.as_str());
            assert!(may || !is_page_of_its_own, "{} is offered to {}", route.path, role.name());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_viewer_who_sends_an_owners_form_is_refused() {
    let scene = Scene::set().await;
    let viewer = scene.browser("vera", BuiltInRole::Viewer).await;
    let refused = [
        ("/console/groups", &[("name", "x")][..]),
        ("/console/clusters", &[("slug", "x")]),
        ("/console/roles", &[("name", "x"), ("capability", "view-costs")]),
        ("/console/service-accounts", &[("name", "x")]),
        ("/console/members/several", &[("do", "suspend"), ("id", scene.people[0].as_str())]),
    ];
    for (path, fields) in refused {
        let answer = scene.change(path, &viewer, fields).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        assert!(answer.text.contains("Not allowed"), "{path}: {}", answer.text);
    }
}
