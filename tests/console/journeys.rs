//! What people come for, step by step, by forms alone: what works here works without script.

use crate::scene::Scene;
use serde_json::json;

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let begin = format!("name=\"{name}\" value=\"");
    let value =
        page.split_once(&begin).unwrap_or_else(|| panic!("no field {name} in {page}")).1.split('"').next().unwrap();
    value.replace("&quot;", "\"").replace("&amp;", "&")
}

#[tokio::test]
async fn several_people_are_invited_and_each_address_is_told_of() {
    let scene = Scene::set().await;
    let fields = [("addresses", "new@elsewhere.test, ada@acme.test\nnot-an-address"), ("role", "viewer"), ("days", "")];
    let page = scene.change("/console/members/add", &scene.owner, &fields).await.expect(200).text;
    assert!(page.contains("1 of 3 invited") || page.contains("2 of 3 invited"), "{page}");
    assert!(page.contains("Invite on its way") && page.contains("Not invited"), "{page}");
    let list = scene.page("/console/invitations", &scene.owner).await.expect(200).text;
    assert!(list.contains("new@elsewhere.test") && list.contains("Pending"), "{list}");
    let id = list.split_once("/console/invitations/").unwrap().1.split('/').next().unwrap().to_owned();
    scene.change(&format!("/console/invitations/{id}/resend"), &scene.owner, &[]).await.expect(303);
    scene.change(&format!("/console/invitations/{id}/revoke"), &scene.owner, &[]).await.expect(303);
    let list = scene.page("/console/invitations?said=revoked", &scene.owner).await.expect(200).text;
    assert!(list.contains("Revoked") && list.contains("opens nothing from now on"), "{list}");
}

#[tokio::test]
async fn a_role_is_changed_with_a_choice_for_each_key_and_the_moved_key_goes_on() {
    let scene = Scene::set().await;
    let grace = &scene.people[1];
    scene.change_role(grace, "member").await;
    let secret = scene.key(grace, "agent", 3).await;
    let gone = scene.key(grace, "laptop", 0).await;
    let machine = scene.machine("agents").await;
    let page =
        scene.page(&format!("/console/role-changes?user={grace}&role=viewer"), &scene.owner).await.expect(200).text;
    assert!(page.contains("2 API keys are touched") && page.contains("Used 3 times over the last day"), "{page}");
    let keys: Vec<String> =
        page.split("name=\"shown\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    let agent = keys
        .iter()
        .find(|id| page.split_once(id.as_str()).unwrap().1.split_once("</h2>").unwrap().0.contains(">agent "))
        .unwrap();
    let (change, token) = (hidden(&page, "change"), hidden(&page, "preview"));
    let (choice, to) = (format!("do:{agent}"), format!("to:{agent}"));
    let fields = [("change", change.as_str()), ("preview", token.as_str()), (choice.as_str(), "move")];
    let again = scene.change("/console/role-changes", &scene.owner, &fields).await.expect(409).text;
    assert!(again.contains("Choose the service account"), "{again}");
    let fields = [fields[0], fields[1], fields[2], (to.as_str(), machine.as_str())];
    let done = scene.change("/console/role-changes", &scene.owner, &fields).await.expect(200).text;
    assert!(done.contains("Moved to") && done.contains("Deleted: whatever used it"), "{done}");
    let (moved, deleted) = (format!("Bearer {secret}"), format!("Bearer {gone}"));
    scene.world.client.get("/api/v1/me", &[("authorization", &moved)]).await.expect(200);
    scene.world.client.get("/api/v1/me", &[("authorization", &deleted)]).await.expect(401);
}

#[tokio::test]
async fn a_preview_that_is_stale_is_shown_again_with_what_moved() {
    let scene = Scene::set().await;
    let grace = &scene.people[1];
    scene.change_role(grace, "member").await;
    scene.key(grace, "agent", 0).await;
    let page =
        scene.page(&format!("/console/role-changes?user={grace}&role=viewer"), &scene.owner).await.expect(200).text;
    let (change, token, shown) = (hidden(&page, "change"), hidden(&page, "preview"), hidden(&page, "shown"));
    scene.key(grace, "made in between", 0).await;
    let fields = [("change", change.as_str()), ("preview", token.as_str()), ("shown", shown.as_str())];
    let again = scene.change("/console/role-changes", &scene.owner, &fields).await.expect(409).text;
    assert!(
        again.contains("Nothing was changed: something moved since you looked")
            && again.contains("New since you looked"),
        "{again}"
    );
    let fields = [("change", change.as_str()), ("preview", &hidden(&again, "preview"))];
    scene.change("/console/role-changes", &scene.owner, &fields).await.expect(200);
}

#[tokio::test]
async fn the_last_owner_is_told_that_they_are() {
    let scene = Scene::set().await;
    let me = scene.world.client.get("/api/v1/me", &[("cookie", &scene.owner)]).await.expect(200).json();
    let id = me["user"]["id"].as_str().unwrap();
    let page = scene.page(&format!("/console/role-changes?user={id}&role=viewer"), &scene.owner).await.expect(409).text;
    assert!(page.contains("This cannot be done"), "{page}");
}

#[tokio::test]
async fn groups_roles_clusters_and_machines_are_made_by_forms() {
    let scene = Scene::set().await;
    let made = async |path: &str, fields: &[(&str, &str)]| {
        let answer = scene.change(path, &scene.owner, fields).await.expect(303);
        answer.header("location").split('?').next().unwrap().to_owned()
    };
    let group = made("/console/groups", &[("name", "night shift")]).await;
    let preview = made(&format!("{group}/add"), &[("person", "grace@acme.test")]).await;
    assert_eq!(preview, "/console/role-changes");
    made("/console/clusters", &[("slug", "tokyo"), ("name", "Tokyo"), ("external", "")]).await;
    let role = made("/console/roles", &[("name", "Costs"), ("description", ""), ("capability", "view-costs")]).await;
    assert!(scene.page(&role, &scene.owner).await.expect(200).text.contains("Costs"));
    let machine = made("/console/service-accounts", &[("name", "agent"), ("description", "")]).await;
    let keys = format!("{machine}/keys");
    let fields = [("name", "first"), ("days", "30"), ("carries", ""), ("on", "")];
    let page = scene.change(&keys, &scene.owner, &fields).await.expect(201).text;
    assert!(page.contains("Copy it now: it is not shown again") && page.contains("cgk_"), "{page}");
    assert!(!scene.page(&machine, &scene.owner).await.text.contains("Copy it now"), "it is shown once");
}

#[tokio::test]
async fn several_members_are_suspended_and_come_back() {
    let scene = Scene::set().await;
    let (ada, grace) = (scene.people[0].as_str(), scene.people[1].as_str());
    let look = format!("/console/members/several?do=suspend&id={ada}&id={grace}");
    let page = scene.page(&look, &scene.owner).await.expect(200).text;
    assert!(page.contains("Suspend: 2 people") && page.contains("Ada Lovelace"), "{page}");
    let page = scene
        .change("/console/members/several", &scene.owner, &[("do", "suspend"), ("id", ada), ("id", grace)])
        .await
        .expect(200)
        .text;
    assert_eq!(page.matches("state good\">Done").count(), 2, "{page}");
    let user = scene.world.app.member(&scene.acme.operator, &ada.parse().unwrap()).await.unwrap();
    assert!(user.suspended_by_person);
    scene.change(&format!("/console/members/{ada}/reactivate"), &scene.owner, &[]).await.expect(303);
    let user = scene.world.app.member(&scene.acme.operator, &ada.parse().unwrap()).await.unwrap();
    assert!(!user.suspended_by_person);
}

impl Scene {
    /// Another role, given by the API, in the place of the one that is there.
    async fn change_role(&self, user: &str, role: &str) {
        let bearer = format!("Bearer {}", self.acme.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = json!({"subject": user, "role": role}).to_string();
        self.world.client.send("POST", "/api/v1/bindings", &headers, Some(body)).await.expect(201);
    }
}
