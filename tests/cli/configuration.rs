//! A whole organization in a file: exported, planned, applied.

use crate::Scene;
use castgate::model::Profile;

const DOCUMENT: &str = "# Acme.
clusters:
  - slug: prod-eu
    name: Production EU
roles:
  - name: auditor
    capabilities: [view-billing, view-costs]
service_accounts:
  - name: ci
    description: deploys
groups:
  - name: platform
    users: [ada@acme.test, carol@acme.test]
    service_accounts: [ci]
bindings:
  - {group: platform, role: member, cluster: prod-eu}
  - {service_account: ci, role: auditor}
mapping: |
  default: none
  rules:
    - name: platform owners
      groups: [castai-owners]
      grant: owner
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_planned_by_its_exit_code_applied_once_and_exported_as_it_is() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    scene.push(&okta, "bob@acme.test").await;
    let file = scene.contexts().with_file_name("acme.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, DOCUMENT).unwrap();
    let path = file.to_str().unwrap();

    let planned = scene.run(&["plan", "-f", path]).await.expect(2);
    insta::assert_snapshot!("plan", planned.steady());
    let refused = scene.run(&["apply", "-f", path]).await.expect(2);
    assert!(refused.out.contains("+ cluster prod-eu") && refused.err.contains("add --yes"), "{refused:?}");
    assert_eq!(scene.api("/clusters").await["items"].as_array().unwrap().len(), 0);

    let plan = scene.feed(&["plan", "-f", "-", "-o", "json"], DOCUMENT).await.expect(2).json();
    let id = plan["plan"].as_str().unwrap();
    let done = scene.run(&["apply", "-f", path, "--plan", id, "--yes"]).await.expect(0);
    assert!(done.out.ends_with("Done.\n"), "{done:?}");
    let late = scene.run(&["apply", "-f", path, "--plan", id, "--yes"]).await.expect(6);
    assert!(late.err.contains("not what was planned"), "{late:?}");
    let again = scene.run(&["plan", "-f", path]).await.expect(0);
    assert!(again.out.ends_with("0 to add, 0 to change, 0 to delete\n"), "{again:?}");
    let nothing = scene.run(&["apply", "-f", path, "--yes"]).await.expect(0);
    assert!(nothing.out.ends_with("There was nothing to do.\n"), "{nothing:?}");

    let exported = scene.run(&["export"]).await.expect(0).out;
    insta::assert_snapshot!("export", exported);
    for prune in [&["plan", "-f", "-"][..], &["plan", "-f", "-", "--prune"]] {
        let said = scene.feed(prune, &exported).await.expect(0);
        assert!(said.out.ends_with("0 to add, 0 to change, 0 to delete\n"), "{said:?}");
    }
    let less =
        exported.replace("  - slug: prod-eu\n    name: Production EU\n", "").replace("clusters:", "clusters: []");
    let less = less.replace("  - group: platform\n    role: member\n    cluster: prod-eu\n", "");
    let stays = scene.feed(&["plan", "-f", "-"], &less).await.expect(0);
    assert!(stays.out.contains("cluster prod-eu is not in the document and would be left alone"), "{stays:?}");
    let goes = scene.feed(&["apply", "-f", "-", "--prune", "--yes"], &less).await.expect(0);
    assert!(goes.out.contains("- cluster prod-eu"), "{goes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_in_a_document_is_told_with_the_files_name_its_line_and_its_column() {
    let scene = Scene::set().await;
    let file = scene.contexts().with_file_name("acme.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "clusters:\n  - slug: prod\n    nmae: Production\n").unwrap();
    let path = file.to_str().unwrap();
    for verb in [&["plan", "-f", path][..], &["apply", "-f", path, "--yes"]] {
        let said = scene.run(verb).await.expect(1);
        assert!(said.err.contains(&format!("{path}:3:5: error: there is no key “nmae” here")), "{said:?}");
        assert!(said.err.contains("did you mean “name”?"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_touches_a_key_says_what_becomes_of_it() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let viewer = scene.viewer(&okta).await;
    assert!(!viewer.is_empty());
    let document = "mapping: |\n  default: none\n";
    let planned = scene.feed(&["plan", "-f", "-"], document).await.expect(2);
    assert!(planned.out.contains("~ key “"), "{planned:?}");
    let done = scene.feed(&["apply", "-f", "-", "--yes", "--keys", "keep"], document).await.expect(0);
    assert!(done.out.starts_with("Done.") && done.out.contains("kept"), "{done:?}");
    scene.feed(&["plan", "-f", "-"], document).await.expect(0);
}
