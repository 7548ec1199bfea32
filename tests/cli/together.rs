//! A role at several clusters in one act, as the command line does and shows it.

use crate::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_at_several_clusters_is_one_line_and_ends_in_one_command() {
    let scene = Scene::set().await;
    for slug in ["prod-eu", "prod-us", "prod-asia"] {
        scene.run(&["clusters", "declare", slug]).await.expect(0);
    }
    scene.run(&["service-accounts", "create", "ci"]).await.expect(0);
    let of_ci = ["--service-account", "ci"];
    let create = [&["bindings", "create", "--role", "viewer"][..], &of_ci].concat();
    let at = |clusters: &[&'static str]| clusters.iter().flat_map(|one| ["--cluster", *one]).collect::<Vec<_>>();
    let wrong = scene.run(&[&create[..], &at(&["prod-eu", "mars"])].concat()).await;
    assert!(wrong.code != 0 && wrong.err.contains("mars"), "{wrong:#?}");
    let list = [&["bindings", "list"][..], &of_ci].concat();
    assert_eq!(scene.run(&[&list[..], &["-o", "name"]].concat()).await.expect(0).out, "");

    scene.run(&[&create[..], &at(&["prod-eu", "prod-us", "prod-asia", "prod-us"])].concat()).await.expect(0);
    let table = scene.run(&list).await.expect(0).out;
    assert_eq!(table.lines().count(), 2, "a head and one line: {table}");
    assert_eq!(table.matches("cls_").count(), 3, "{table}");
    // Programs get every binding; ids are those of the lines, so that each can be ended.
    let rows = scene.run(&[&list[..], &["-o", "json"]].concat()).await.expect(0).json();
    assert_eq!(rows["items"].as_array().unwrap().len(), 3);
    let id = scene.run(&[&list[..], &["-o", "name"]].concat()).await.expect(0).out;
    assert_eq!(id.lines().count(), 1, "{id}");

    let delete = ["bindings", "delete", id.trim(), "--yes"];
    let nowhere = scene.run(&[&delete[..], &["--cluster", "mars"]].concat()).await;
    assert!(nowhere.code != 0 && nowhere.err.contains("mars"), "{nowhere:#?}");
    scene.run(&[&delete[..], &["--cluster", "prod-us"]].concat()).await.expect(0);
    let left = scene.run(&list).await.expect(0).out;
    assert_eq!((left.lines().count(), left.matches("cls_").count()), (2, 2), "{left}");
    let id = scene.run(&[&list[..], &["-o", "name"]].concat()).await.expect(0).out;
    scene.run(&["bindings", "delete", id.trim(), "--yes"]).await.expect(0);
    assert_eq!(scene.run(&[&list[..], &["-o", "name"]].concat()).await.expect(0).out, "");
}
