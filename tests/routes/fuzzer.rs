//! schemathesis, a fuzzer of somebody else that knows the document, calls everything as each role: no 5xx, no status that is not
//! in the document, no answer that is not as the document says.
//!
//! `CASTGATE_TEST_FUZZ` is how many cases each route gets from its random phase: 2 in a usual run; 15 make more than 5,000 for
//! each role.

use crate::{document::outside, scene::Scene};
use std::{env, path::Path};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fuzzer_that_knows_the_document_finds_nothing_as_any_role() {
    let scene = Scene::set().await;
    let each = env::var("CASTGATE_TEST_FUZZ").unwrap_or_else(|_| "2".to_owned());
    let roles =
        [("viewer", &scene.viewer), ("analyst", &scene.analyst), ("member", &scene.member), ("owner", &scene.acme.key)];
    let mut runs = Vec::new();
    for (role, key) in roles {
        let Some(mut fuzzer) = outside("schemathesis") else { return };
        let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/schemathesis.toml");
        fuzzer.arg("--config-file").arg(settings).arg("run").arg(format!("{}/openapi.json", scene.world.origin));
        fuzzer.args(["--max-examples", &each, "--header"]).arg(format!("Authorization: Bearer {key}"));
        fuzzer.current_dir(env::temp_dir());
        runs.push((role, tokio::task::spawn_blocking(move || fuzzer.output())));
    }
    for (role, run) in runs {
        let output = run.await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "as {role}:\n{said}{}", String::from_utf8_lossy(&output.stderr));
        let cases = said.lines().rev().find(|line| line.contains("generated")).unwrap_or("?");
        println!("as {role}: {}", cases.trim());
    }
}
