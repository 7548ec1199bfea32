//! The mapping's pages: what a text would do and says of one person, publishing by a plan, the history and the way back.

use crate::{journeys::hidden, scene::Scene};
use castgate::{app::UndoWish, model::Capability};

const RULES: &str = "default: viewer
rules:
  - name: analysts of finance
    groups: [okta/finance]
    grant: analyst
  - name: engineers
    when: department eq \"Engineering\"
    grant: member
";
const TESTS: &str = "tests:
  - name: an engineer is a member
    given: {department: Engineering}
    expect: [member]
";

impl Scene {
    /// The page of a publication that waits to be confirmed.
    async fn publishing(&self, text: &str, reason: &str) -> String {
        let fields = [("text", text), ("reason", reason)];
        self.change("/console/mapping/publish", &self.owner, &fields).await.expect(200).text
    }

    async fn publish(&self, text: &str, reason: &str) {
        let page = self.publishing(text, reason).await;
        let (change, preview) = (hidden(&page, "change"), hidden(&page, "preview"));
        let fields = [("change", change.as_str()), ("preview", preview.as_str())];
        let done = self.change("/console/role-changes", &self.owner, &fields).await.expect(303);
        assert!(done.header("location").ends_with("said=published"), "{done:?}");
    }
}

#[tokio::test]
async fn a_text_is_told_what_its_tests_come_to_and_what_it_would_do() {
    let scene = Scene::set().await;
    let check = async |text: &str| {
        scene.change("/console/mapping/check", &scene.owner, &[("text", text)]).await.expect(200).text
    };
    let page = check(&format!("{RULES}{TESTS}")).await;
    assert!(page.contains("Its test passes") && page.contains("an engineer is a member"), "{page}");
    assert!(page.contains("Ada Lovelace") && page.contains("gains Member of the whole organization"), "{page}");
    let page = check(&format!("{RULES}{}", TESTS.replace("[member]", "[owner]"))).await;
    assert!(page.contains("1 of 1 tests fail") && page.contains("expects owner and gets member"), "{page}");
    assert!(page.contains("What it would do is shown when nothing is wrong with it"), "{page}");
}

#[tokio::test]
async fn a_rule_is_written_into_the_text_by_a_form() {
    let scene = Scene::set().await;
    let fields = [
        ("text", RULES),
        ("rule_name", "the finance team sees staging"),
        ("rule_groups", "okta/finance"),
        ("rule_when", "title pr"),
        ("rule_grant", "viewer"),
        ("rule_cluster", "staging-eu"),
        ("rule_until", "2027-01-31"),
    ];
    let page = scene.change("/console/mapping/rule", &scene.owner, &fields).await.expect(200).text;
    let text = page.split_once("data-into=\"found\">\n").unwrap().1.split("</textarea>").next().unwrap();
    let written = "  - name: the finance team sees staging\n    groups: [okta/finance]\n    when: title pr\n    grant: viewer\n    \
                   clusters: [staging-eu]\n    until: 2027-01-31\n";
    assert!(text.ends_with(written) && page.contains("What it would do"), "{text}");
    let nobody = [("text", RULES), ("rule_name", "everybody"), ("rule_grant", "owner")];
    let page = scene.change("/console/mapping/rule", &scene.owner, &nobody).await.expect(400).text;
    assert!(page.contains("Say whom the rule is for") && page.contains("value=\"everybody\""), "{page}");
}

#[tokio::test]
async fn a_form_that_is_wrong_comes_back_with_what_was_typed_and_says_which_field() {
    let scene = Scene::set().await;
    let long = "x".repeat(101);
    let fields = [("slug", "Not A Slug!"), ("name", long.as_str()), ("external", "abc-1")];
    let page = scene.change("/console/clusters", &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("value=\"Not A Slug!\"") && page.contains("value=\"abc-1\""), "{page}");
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("action=\"/console/clusters\""), "{page}");
    let made = [("name", "night shift")];
    scene.change("/console/groups", &scene.owner, &made).await.expect(303);
    let page = scene.change("/console/groups", &scene.owner, &made).await.expect(409).text;
    assert!(page.contains("value=\"night shift\"") && page.contains("again-name-wrong"), "{page}");
    let path = format!("/console/connections/{}/sign-in", scene.push.stored.id);
    let fields = [
        ("issuer", "https://sso.acme.test"),
        ("client_id", "castgate"),
        ("client_secret", "hush"),
        ("domains", "me@acme.test"),
    ];
    let page = scene.change(&path, &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("value=\"me@acme.test\"") && page.contains("value=\"castgate\""), "{page}");
    assert!(!page.contains("hush"), "a secret is typed again: {page}");
}

#[tokio::test]
async fn somebody_is_asked_about_and_each_rule_says_why_or_why_not() {
    let scene = Scene::set().await;
    let ask = async |person: &str| {
        let fields = [("text", RULES), ("person", person)];
        scene.change("/console/mapping/plan", &scene.owner, &fields).await.expect(200).text
    };
    let page = ask("grace@acme.test").await;
    assert!(page.contains("rule “engineers”, line 6") && page.contains("department"), "{page}");
    assert!(
        page.contains("And why not more") && page.contains("They are not in okta/finance: okta has it as"),
        "{page}"
    );
    let page = ask("nobody@acme.test").await;
    assert!(page.contains("Nobody is called “nobody@acme.test”"), "{page}");
    let page = ask("owner@acme.example.com").await;
    assert!(page.contains("No provider vouches for them"), "{page}");
}

#[tokio::test]
async fn each_version_keeps_its_author_and_reason_and_can_be_compared_and_published_again() {
    let scene = Scene::set().await;
    let page = scene.publishing(RULES, "engineers need to change things").await;
    assert!(page.contains("Publish the mapping") && page.contains("Ada Lovelace"), "the plan is confirmed: {page}");
    scene.publish(RULES, "engineers need to change things").await;
    let list = scene.page("/console/mapping/versions", &scene.owner).await.expect(200).text;
    assert!(list.contains("Version 2") && list.contains("engineers need to change things"), "{list}");
    assert!(list.contains("by <span dir=\"auto\">owner@acme.example.com") && list.contains("the operator"), "{list}");
    let one = scene.page("/console/mapping/versions/2?from=1", &scene.owner).await.expect(200).text;
    assert!(one.contains("<ins>+   - name: engineers") && one.contains("<del>−   - name: cluster teams"), "{one}");
    assert!(!one.contains("Publish it again…"), "the version in force is not published again");
    let whole = scene.page("/console/mapping/versions/2?from=0", &scene.owner).await.expect(200).text;
    assert!(whole.contains("<ins>+ default: viewer") && !whole.contains("<del>"), "{whole}");
    let page =
        scene.change("/console/mapping/versions/1/revert", &scene.owner, &[("reason", "")]).await.expect(200).text;
    let (change, preview) = (hidden(&page, "change"), hidden(&page, "preview"));
    assert!(change.contains("back to version 1") && change.contains("\"plan\":\"pln_"), "{change}");
    let fields = [("change", change.as_str()), ("preview", preview.as_str())];
    scene.change("/console/role-changes", &scene.owner, &fields).await.expect(303);
    let list = scene.page("/console/mapping/versions", &scene.owner).await.expect(200).text;
    assert!(list.contains("Version 3") && list.contains("back to version 1"), "{list}");
    scene.page("/console/mapping/versions/99", &scene.owner).await.expect(404);
}

#[tokio::test]
async fn what_became_worse_since_it_was_looked_at_is_refused_and_named() {
    let scene = Scene::set().await;
    let fewer = RULES.replace("grant: analyst", "grant: viewer");
    let page = scene.publishing(&fewer, "").await;
    let seen = scene.change("/console/mapping/check", &scene.owner, &[("text", &fewer)]).await.expect(200).text;
    let (plan, planned) = (hidden(&seen, "plan"), hidden(&seen, "planned"));
    let grace = &scene.people[1];
    let group = scene.push.get("/Groups?filter=displayName%20eq%20%22finance%22").await.expect(200).json();
    let group = group["Resources"][0]["id"].as_str().unwrap();
    let patch = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": grace}]}],
    });
    let answer = scene.push.patch(&format!("/Groups/{group}"), patch).await;
    assert!(answer.status < 300, "{answer:?}");
    let (change, preview) = (hidden(&page, "change"), hidden(&page, "preview"));
    let fields = [("change", change.as_str()), ("preview", preview.as_str())];
    let refused = scene.change("/console/role-changes", &scene.owner, &fields).await.expect(409).text;
    assert!(refused.contains("Grace Hopper would lose analyst") && refused.contains("Plan again"), "{refused}");
    let fields = [("text", fewer.as_str()), ("plan", plan.as_str()), ("planned", planned.as_str())];
    let refused = scene.change("/console/mapping/publish", &scene.owner, &fields).await.expect(409).text;
    assert!(refused.contains("Grace Hopper would lose analyst"), "the plan beside the text counts as well: {refused}");
    let list = scene.page("/console/mapping/versions", &scene.owner).await.expect(200).text;
    assert!(!list.contains("Version 2"), "nothing was published: {list}");
}

#[tokio::test]
async fn what_a_provider_took_away_is_looked_at_and_taken_back() {
    let scene = Scene::set().await;
    let (app, operator) = (&scene.world.app, &scene.acme.operator);
    let page = scene.page("/console/accidents", &scene.owner).await.expect(200).text;
    assert!(page.contains("No accident was noticed") && page.contains("What would come back"), "{page}");
    let from = app.clock().now();
    for id in &scene.people[..2] {
        scene.push.delete(&format!("/Users/{id}")).await.expect(204);
    }
    let to = app.clock().now();
    let span = [("source", "scim:okta".to_owned()), ("from", from.to_string()), ("to", to.to_string())];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&span).finish();
    let page = scene.page(&format!("/console/accidents/undo?{query}"), &scene.owner).await.expect(200).text;
    assert!(page.contains("ada@acme.test") && page.contains("Sessions do not come back"), "{page}");
    let preview = hidden(&page, "preview");
    let fields: Vec<(&str, &str)> = span.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let stale = [fields.clone(), vec![("preview", "un1_other")]].concat();
    let page = scene.change("/console/accidents/undo", &scene.owner, &stale).await.expect(409).text;
    assert!(page.contains("has changed since the preview") && page.contains("Take it back"), "{page}");
    let fields = [fields, vec![("preview", preview.as_str())]].concat();
    scene.change("/console/accidents/undo", &scene.owner, &fields).await.expect(303);
    let ada = app.member(operator, &scene.people[0].parse().unwrap()).await.unwrap();
    assert!(ada.removed_at.is_none(), "she is back");
    let wish = UndoWish { source: "scim:okta".to_owned(), from, to };
    assert!(app.preview_undo(operator, &wish).await.unwrap().is_empty());
    let bad =
        scene.page("/console/accidents/undo?source=scim:okta&from=soon&to=now", &scene.owner).await.expect(400).text;
    assert!(bad.contains("Give a day and a time in UTC") && bad.contains("value=\"soon\""), "{bad}");
}

#[tokio::test]
async fn a_receipt_is_left_can_be_read_and_is_taken_along() {
    let scene = Scene::set().await;
    let empty = scene.page("/console/receipts", &scene.owner).await.expect(200).text;
    assert!(empty.contains("Nobody’s access has ended"), "{empty}");
    scene.push.delete(&format!("/Users/{}", scene.people[0])).await.expect(204);
    let list = scene.page("/console/receipts", &scene.owner).await.expect(200).text;
    assert!(list.contains("Ada Lovelace") && list.contains("Signature holds"), "{list}");
    let id = list.split_once("/console/receipts/rct_").unwrap().1.split('"').next().unwrap();
    let page = scene.page(&format!("/console/receipts/rct_{id}"), &scene.owner).await.expect(200).text;
    assert!(page.contains("castgate receipt 1") && page.contains("0 sessions and 0 API keys ended"), "{page}");
    let file = scene.page(&format!("/console/receipts/rct_{id}/download"), &scene.owner).await.expect(200);
    assert_eq!(file.json()["valid"], true, "{file:?}");
    assert!(file.header("content-disposition").contains(&format!("rct_{id}.json")), "{file:?}");
}

#[tokio::test]
async fn every_way_to_become_owner_is_on_one_page() {
    let scene = Scene::set().await;
    let rules = "rules:\n  - name: bosses\n    groups: [okta/finance]\n    when: title eq \"Boss\"\n    grant: owner\n";
    scene.world.app.publish_mapping(&scene.acme.operator, rules).await.unwrap();
    let page = scene.page("/console/owners", &scene.owner).await.expect(200).text;
    assert!(page.contains("owner@acme.example.com") && page.contains("bosses") && page.contains("finance"), "{page}");
    let viewer = scene.browser("vera", castgate::model::BuiltInRole::Viewer).await;
    assert!(!castgate::model::BuiltInRole::Viewer.capabilities().contains(&Capability::ManageOrganization));
    scene.page("/console/owners", &viewer).await.expect(403);
}

#[tokio::test]
async fn health_says_how_everything_does_and_the_drill_who_gets_in() {
    let scene = Scene::set().await;
    let page = scene.page("/console/settings/health", &scene.owner).await.expect(200).text;
    for text in ["SQLite", "Answers", "Nothing waits", "Not connected", "okta"] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    scene.invitation("dorothy@elsewhere.test").await;
    let page = scene.page("/console/settings/health", &scene.owner).await.expect(200).text;
    assert!(page.contains("1 letter") && page.contains("On their way"), "{page}");
    let drill = scene.page("/console/settings/break-glass", &scene.owner).await.expect(200).text;
    assert!(drill.contains("1 owner gets in") && drill.contains("castgate admin recover --slug acme"), "{drill}");
    assert!(drill.contains("Nobody of the owners gets in"), "nobody has a password: {drill}");
}
