//! An access review, from looking to the evidence.

use crate::{journeys::hidden, scene::Scene};
use castgate::{
    app::Gift,
    model::{Role, Subject},
};

impl Scene {
    /// A role, given directly.
    pub async fn give(&self, user: &str, role: &str) {
        let gift = Gift {
            subject: Subject::User(user.parse().unwrap()),
            role: role.parse::<Role>().unwrap(),
            cluster: None,
            until: None,
        };
        self.world.app.give(&self.acme.operator, gift).await.unwrap();
    }

    /// A review that has found something: a role that a group gives as well, and one that was given one by one.
    pub async fn review(&self) -> String {
        self.give(&self.people[2], "analyst").await;
        self.give(&self.people[0], "member").await;
        self.give(&self.people[1], "member").await;
        let fields = [("name", "Spring"), ("group_of", "2")];
        let answer = self.change("/console/access-reviews", &self.owner, &fields).await.expect(303);
        answer.header("location").split('?').next().unwrap().to_owned()
    }
}

/// The proposal whose row says this.
pub fn proposal(page: &str, says: &str) -> String {
    let row = page.split("<li>").find(|row| row.contains(says)).unwrap_or_else(|| panic!("{says} is not on {page}"));
    let (_, rest) = row.split_once("name=\"id\" value=\"rvp_").unwrap();
    format!("rvp_{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn a_review_is_begun_decided_done_and_closed() {
    let scene = Scene::set().await;
    let empty = scene.page("/console/access-reviews", &scene.owner).await.expect(200).text;
    assert!(empty.contains("No review yet") && empty.contains("Look now"), "{empty}");
    let path = scene.review().await;
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("0 of 2 decided") && page.contains("Role that a group gives as well"), "{page}");
    assert!(page.contains("by the group “<span dir=\"auto\">finance</span>” as well"), "a name, no id: {page}");
    let redundant = proposal(&page, "Role that a group gives as well");
    let fields = [("id", redundant.as_str()), ("verdict", "remove"), ("note", "the group is enough")];
    scene.change(&format!("{path}/decisions"), &scene.owner, &fields).await.expect(303);
    let common = proposal(&page, "Same role, given one by one");
    let fields = [("id", common.as_str()), ("verdict", "group")];
    scene.change(&format!("{path}/decisions"), &scene.owner, &fields).await.expect(303);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("2 of 2 decided, 2 to be done") && page.contains("“the group is enough”"), "{page}");
    let look = scene.page(&format!("{path}/apply"), &scene.owner).await.expect(200).text;
    assert!(look.contains("Do it: 2 changes") && look.contains("Katherine Johnson"), "{look}");
    let token = hidden(&look, "preview");
    let done = scene.change(&format!("{path}/apply"), &scene.owner, &[("preview", &token)]).await.expect(200).text;
    assert!(done.contains("2 of 2 done") && done.matches("state good\">Done").count() == 2, "{done}");
    let groups = scene.page("/console/groups", &scene.owner).await.expect(200).text;
    assert!(groups.contains("member everywhere"), "{groups}");
    scene.change(&format!("{path}/close"), &scene.owner, &[]).await.expect(303);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Closed") && !page.contains("Decide about those selected"), "{page}");
    let id = path.rsplit('/').next().unwrap();
    let csv = scene.page(&format!("/api/v1/access-reviews/{id}/evidence?format=csv"), &scene.owner).await.expect(200);
    assert!(csv.text.contains("the group is enough") && csv.text.lines().count() == 3, "{}", csv.text);
    assert!(page.contains(&format!("/api/v1/access-reviews/{id}/evidence?format=json")), "{page}");
}

#[tokio::test]
async fn several_are_decided_at_once_where_that_can_be_decided() {
    let scene = Scene::set().await;
    let path = scene.review().await;
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    let boxes: Vec<String> = page
        .split("type=\"checkbox\" name=\"id\" form=\"several\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(boxes.len(), 2, "{page}");
    let decide = async |verdict: &str, some: &[String]| {
        let mut fields = vec![("verdict", verdict)];
        fields.extend(some.iter().map(|one| ("id", one.as_str())));
        scene.change(&format!("{path}/decisions"), &scene.owner, &fields).await
    };
    let none = decide("keep", &[]).await.expect(409).text;
    assert!(none.contains("Nothing is selected"), "{none}");
    let none = decide("reduce", &boxes).await.expect(409).text;
    assert!(none.contains("That cannot be decided about what is selected"), "{none}");
    let some = decide("remove", &boxes).await.expect(409).text;
    assert!(some.contains("1 decided; about 1 that cannot be decided"), "{some}");
    decide("keep", &boxes).await.expect(303);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("2 of 2 decided") && !page.contains("to be done"), "{page}");
    let look = scene.page(&format!("{path}/apply"), &scene.owner).await.expect(200).text;
    assert!(look.contains("Nothing is to be done"), "{look}");
}

#[tokio::test]
async fn what_was_typed_is_kept_where_a_review_cannot_begin() {
    let scene = Scene::set().await;
    let fields = [("name", "Autumn"), ("key_days", "many")];
    let page = scene.change("/console/access-reviews", &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("value=\"Autumn\"") && page.contains("value=\"many\""), "{page}");
    assert!(page.contains("whole number"), "{page}");
    let fields = [("name", ""), ("key_days", "30")];
    let page = scene.change("/console/access-reviews", &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("Give the review a name") && page.contains("value=\"30\""), "{page}");
}
