//! A role at several clusters: ticked in one form, seen as one line, taken in one act or at one place alone.

use crate::scene::Scene;
use castgate::{app::BindingSearch, model::Scope};

/// Where a link with these words leads.
fn link(page: &str, words: &str) -> String {
    let (before, _) = page.split_once(words).unwrap_or_else(|| panic!("no “{words}” in {page}"));
    before.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap().replace("&amp;", "&")
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let (_, after) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    after.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&")
}

impl Scene {
    /// Confirms what a preview shows.
    async fn confirmed(&self, path: &str) {
        let page = self.page(path, &self.owner).await.expect(200).text;
        let fields = [("change", field(&page, "change")), ("preview", field(&page, "preview"))];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.change("/console/role-changes", &self.owner, &fields).await.expect(303);
    }

    async fn clusters_given_by_people(&self) -> usize {
        let search = BindingSearch { source: Some("person".to_owned()), ..BindingSearch::default() };
        let all = self.world.app.bindings(&self.acme.operator, &search, "", 100).await.unwrap();
        all.iter().filter(|binding| matches!(binding.terms.scope, Scope::Cluster { .. })).count()
    }
}

#[tokio::test]
async fn several_boxes_are_one_line_and_it_ends_as_one() {
    let scene = Scene::set().await;
    let machine = scene.machine("agent").await;
    let group = scene.world.app.create_local_group(&scene.acme.operator, "night shift").await.unwrap().id.to_string();
    let whose = [
        (format!("/console/members/{}", scene.people[1]), scene.people[1].clone()),
        (format!("/console/groups/{group}"), group),
        (format!("/console/service-accounts/{machine}"), machine),
    ];
    let clusters = scene.world.app.clusters(&scene.acme.operator).await.unwrap();
    for (path, subject) in whose {
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        let boxes = page.matches("type=\"checkbox\" name=\"cluster\"").count();
        assert_eq!(boxes, clusters.len(), "{path}: {page}");
        let ticked = clusters.iter().map(|cluster| format!("&cluster={}", cluster.id)).collect::<Vec<_>>().concat();
        let give = format!("/console/role-changes?kind=give&subject={subject}&role=member{ticked}");
        let preview = scene.page(&give, &scene.owner).await.expect(200).text;
        assert!(preview.contains("the role Member of clusters production-us and staging-eu"), "{preview}");
        scene.confirmed(&give).await;
        assert_eq!(scene.clusters_given_by_people().await, 2);

        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        let line = "Member of clusters production-us and staging-eu";
        assert!(page.contains(&format!("<p class=\"title\">{line}</p>")), "{page}");
        // At one of them alone.
        scene.confirmed(&link(&page, "Take away on cluster production-us alone")).await;
        assert_eq!(scene.clusters_given_by_people().await, 1);
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        scene.confirmed(&link(&page, "Take away…<span class=\"unseen\"> Member of cluster staging-eu")).await;
        assert_eq!(scene.clusters_given_by_people().await, 0);

        // All of it.
        scene.confirmed(&give).await;
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        let take = link(&page, &format!("Take away…<span class=\"unseen\"> {line}"));
        let shown = scene.page(&take, &scene.owner).await.expect(200).text;
        assert!(shown.contains(&format!("Take {line} from")), "{shown}");
        scene.confirmed(&take).await;
        assert_eq!(scene.clusters_given_by_people().await, 0);
    }
    // A cluster of somebody else is no cluster.
    let other = scene.world.organization("other").await;
    let theirs = scene.world.app.declare_cluster(&other.operator, "theirs", None, None).await.unwrap();
    let give = format!(
        "/console/role-changes?kind=give&subject={}&role=member&cluster={}&cluster={}",
        scene.people[1], clusters[0].id, theirs.id
    );
    let refused = scene.page(&give, &scene.owner).await;
    assert!(matches!(refused.status, 404 | 409) && !refused.text.contains("name=\"preview\""), "{refused:?}");
}
