//! Rules by forms: added, changed and taken out, in the text and by people, with script and without.

use crate::{
    chromium::{browse, pictures},
    have,
    journeys::hidden,
    scene::Scene,
};
use castgate::model::BuiltInRole;
use tempfile::TempDir;

/// With whatever people write around rules.
const TEXT: &str = "# Who owns this: platform team
default: viewer # everybody else

rules:
  # Finance looks at costs.
  - name: analysts of finance   # since 2024
    groups:
      - okta/finance # the big one
    grant: analyst

  - name: cluster teams
    groups: okta/k8s-{cluster}-{role}
    grant: \"{role}\"
    clusters: [\"{cluster}\"]
# The end.
";

/// What stands in the editor.
fn text_of(page: &str) -> String {
    let text = page.split_once("data-into=\"found\">\n").unwrap().1.split("</textarea>").next().unwrap();
    text.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

/// The value of a field that people type into.
fn typed<'a>(page: &'a str, name: &str) -> &'a str {
    let field = page.split_once(&format!("name=\"{name}\"")).unwrap().1;
    field.split_once("value=\"").unwrap().1.split('"').next().unwrap()
}

/// The lines of a field of several.
fn lines<'a>(page: &'a str, name: &str) -> &'a str {
    let field = page.split_once(&format!("name=\"{name}\"")).unwrap().1;
    field.split_once(">\n").unwrap().1.split("</textarea>").next().unwrap()
}

/// A rule that somebody has begun to write into the form.
const BEGUN: [(&str, &str); 6] = [
    ("rule_name", "the night shift"),
    ("rule_groups", "Night, weekdays\nnight-weekends"),
    ("rule_when", "title pr"),
    ("rule_grant", "member"),
    ("rule_cluster", "staging-eu"),
    ("rule_until", "2027-01-31"),
];

/// Whether the form is as it was typed.
fn is_begun(page: &str) -> bool {
    typed(page, "rule_name") == "the night shift"
        && lines(page, "rule_groups") == "Night, weekdays\nnight-weekends"
        && [typed(page, "rule_when"), typed(page, "rule_until")] == ["title pr", "2027-01-31"]
        && page.contains("value=\"member\" selected")
        && page.contains("value=\"staging-eu\" checked")
        && page.contains("id=\"rule\" open")
}

#[tokio::test]
async fn a_rule_that_is_begun_in_the_form_comes_back_whatever_button_is_pressed() {
    let scene = Scene::set().await;
    let send = async |path: &str, more: &[(&str, &str)]| {
        let fields = [&[("text", TEXT), ("reason", "shifts"), ("person", "ada@acme.test")], BEGUN.as_slice(), more];
        scene.change(&format!("/console/mapping/{path}"), &scene.owner, &fields.concat()).await
    };
    let unwritten = "holds a rule that is not in the text yet";
    for (path, more, status, said) in [
        ("plan", None, 200, "What these rules say of"),
        ("draft", None, 200, "The draft is saved"),
        ("draft", None, 200, "The draft is saved"),
        ("rule", Some(("rule_of", "nothing there")), 400, "There is no rule “nothing there”"),
        ("rule/open", Some(("rule_open", "cluster teams")), 400, unwritten),
        ("rule/remove", Some(("rule_remove", "cluster teams")), 200, "loses Member of cluster staging-eu"),
        ("publish", None, 409, unwritten),
    ] {
        let page = send(path, more.as_slice()).await.expect(status).text;
        assert!(is_begun(&page) && page.contains(said), "{path}: {page}");
        assert_eq!((typed(&page, "reason"), typed(&page, "person")), ("shifts", "ada@acme.test"), "{path}");
        assert_eq!(text_of(&page) == TEXT, path != "rule/remove", "{path}");
    }
    let (draft, version) = scene.world.app.mapping(&scene.acme.operator).await.unwrap();
    assert_eq!((draft.as_deref(), version.unwrap().version), (Some(TEXT), 1), "the draft alone was kept");
    let page = send("plan", &[("rule_leave", "yes")]).await.expect(200).text;
    assert!(typed(&page, "rule_name").is_empty() && !page.contains("id=\"rule\" open"), "emptied by a button: {page}");
    let page = send("rule", &[]).await.expect(200).text;
    assert!(text_of(&page).contains("groups: [\"Night, weekdays\", night-weekends]"), "{}", text_of(&page));
    assert!(typed(&page, "rule_name").is_empty(), "what is written is in the text: {page}");
}

#[tokio::test]
async fn what_was_changed_in_the_form_of_a_rule_outlives_the_rule() {
    let scene = Scene::set().await;
    let name = "cluster teams";
    let take_out = async |when: &str| {
        let fields = [
            ("text", TEXT),
            ("rule_remove", name),
            ("rule_of", name),
            ("rule_name", name),
            ("rule_groups", "okta/k8s-{cluster}-{role}"),
            ("rule_when", when),
            ("rule_grant", "{role}"),
            ("rule_cluster", "{cluster}"),
        ];
        scene.change("/console/mapping/rule/remove", &scene.owner, &fields).await.expect(200).text
    };
    let page = take_out("title pr").await;
    assert!(typed(&page, "rule_when") == "title pr" && !page.contains("rule_of"), "it is another rule now: {page}");
    let page = take_out("").await;
    assert!(typed(&page, "rule_name").is_empty(), "a form that says what the rule said goes with it: {page}");
}

#[tokio::test]
async fn a_rule_of_the_text_is_changed_by_a_form_and_all_else_stays_as_it_is() {
    let scene = Scene::set().await;
    let send = async |path: &str, fields: &[(&str, &str)]| {
        scene.change(&format!("/console/mapping/{path}"), &scene.owner, fields).await
    };
    let page = send("plan", &[("text", TEXT)]).await.expect(200).text;
    assert!(page.contains("line 6, gives") && page.contains("value=\"cluster teams\""), "each rule is listed: {page}");
    let name = "analysts of finance";
    let page = send("rule/open", &[("text", TEXT), ("rule_open", name)]).await.expect(200).text;
    assert_eq!((hidden(&page, "rule_of").as_str(), lines(&page, "rule_groups")), (name, "okta/finance"));
    assert!(page.contains("value=\"analyst\" selected"), "{page}");
    assert_eq!(text_of(&page), TEXT, "looking changes nothing");
    let fields = [("text", TEXT), ("rule_of", name), ("rule_name", name), ("rule_groups", "okta/finance")];
    let given = [fields.as_slice(), &[("rule_grant", "member"), ("rule_until", "2027-01-31")]].concat();
    let page = send("rule", &given).await.expect(200).text;
    let expected = TEXT.replace("    grant: analyst\n", "    grant: member\n    until: 2027-01-31\n");
    assert_eq!(text_of(&page), expected);
    assert!(page.contains("gains Member of the whole organization"), "the plan stands beside it: {page}");
    assert!(!page.contains("rule_of"), "the form is there for another rule again: {page}");
    let (draft, _) = scene.world.app.mapping(&scene.acme.operator).await.unwrap();
    assert_eq!(draft, None, "nothing is kept before somebody says so");
}

#[tokio::test]
async fn what_group_names_say_stays_what_they_say_when_a_rule_is_changed() {
    let scene = Scene::set().await;
    let fields = [("text", TEXT), ("rule_open", "cluster teams")];
    let page = scene.change("/console/mapping/rule/open", &scene.owner, &fields).await.expect(200).text;
    assert!(page.contains("value=\"{role}\" selected") && page.contains("value=\"{cluster}\" checked"), "{page}");
    let fields = [
        ("text", TEXT),
        ("rule_of", "cluster teams"),
        ("rule_name", "teams of clusters"),
        ("rule_groups", "okta/k8s-{cluster}-{role}"),
        ("rule_grant", "{role}"),
        ("rule_cluster", "{cluster}"),
    ];
    let page = scene.change("/console/mapping/rule", &scene.owner, &fields).await.expect(200).text;
    assert_eq!(text_of(&page), TEXT.replace("name: cluster teams", "name: teams of clusters"));
}

#[tokio::test]
async fn a_rule_is_taken_out_by_a_button_and_one_that_is_gone_is_said_to_be() {
    let scene = Scene::set().await;
    let fields = [("text", TEXT), ("rule_remove", "cluster teams")];
    let page = scene.change("/console/mapping/rule/remove", &scene.owner, &fields).await.expect(200).text;
    let text = text_of(&page);
    assert!(
        !text.contains("cluster teams") && text.contains("# since 2024") && text.ends_with("# The end.\n"),
        "{text}"
    );
    assert!(page.contains("loses Member of cluster staging-eu"), "the plan says what that would do: {page}");
    for path in ["rule/remove", "rule/open"] {
        let fields = [("text", text.as_str()), ("rule_remove", "cluster teams"), ("rule_open", "cluster teams")];
        let page = scene.change(&format!("/console/mapping/{path}"), &scene.owner, &fields).await.expect(400).text;
        assert!(page.contains("There is no rule “cluster teams” in the text"), "{page}");
        assert_eq!(text_of(&page), text, "what was typed is not lost");
    }
}

#[tokio::test]
async fn a_rule_that_no_form_can_change_is_left_to_the_text() {
    let scene = Scene::set().await;
    let text = "rules:\n  - {name: one line, groups: [okta/finance], grant: viewer}\n";
    let fields = [
        ("text", text),
        ("rule_of", "one line"),
        ("rule_name", "one line"),
        ("rule_groups", "okta/finance"),
        ("rule_grant", "owner"),
    ];
    let page = scene.change("/console/mapping/rule", &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("written in a way that a form cannot change"), "{page}");
    assert!(hidden(&page, "rule_of") == "one line" && page.contains("value=\"owner\" selected"), "{page}");
}

#[tokio::test]
async fn who_may_not_change_the_mapping_gets_no_form_of_its_rules() {
    let scene = Scene::set().await;
    let viewer = scene.browser("vera", BuiltInRole::Viewer).await;
    for path in ["rule", "rule/open", "rule/remove"] {
        let answer = scene.change(&format!("/console/mapping/{path}"), &viewer, &[("text", TEXT)]).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_change_rules_by_forms_in_a_browser_with_script_and_without() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let directory = TempDir::new().unwrap();
    for script in [&[][..], &["--no-script"]] {
        let scene = Scene::set().await;
        scene.world.app.publish_mapping(&scene.acme.operator, TEXT).await.unwrap();
        let shots = pictures(&directory).join(if script.is_empty() { "rules" } else { "rules-no-script" });
        let shots = shots.display().to_string();
        let fixed = ["--url", &scene.world.origin, "--cookie", &scene.owner, "--screenshots", &shots];
        let said =
            browse("browser/console_rules.mjs", fixed.iter().chain(script).map(|text| (*text).to_owned()).collect())
                .await;
        let done = said["done"].as_array().unwrap().len();
        assert_eq!(done, if script.is_empty() { 6 } else { 5 }, "{said}");
        let version = scene.world.app.mapping(&scene.acme.operator).await.unwrap().1.unwrap();
        let expected = TEXT.replace("    grant: analyst\n", "    grant: member\n");
        assert_eq!((version.version, version.text), (3, expected), "what was published");
    }
}
