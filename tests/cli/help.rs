//! `--help`, and completion.

use crate::{PROGRAM, Scene, said};
use tokio::process::Command;

async fn help(arguments: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--help").env("COLUMNS", "100");
    let said = said(command).await.expect(0);
    assert_eq!(said.err, "");
    said.out
}

#[tokio::test]
async fn help_says_what_there_is_and_shows_it() {
    insta::assert_snapshot!("help_users", help(&["users"]).await);
    insta::assert_snapshot!("help_users_suspend", help(&["users", "suspend"]).await);
    insta::assert_snapshot!("help_keys_create", help(&["keys", "create"]).await);
    insta::assert_snapshot!("help_mapping_plan", help(&["mapping", "plan"]).await);
    insta::assert_snapshot!("help_login", help(&["login"]).await);
}

#[tokio::test]
async fn the_first_page_has_groups_and_the_exit_codes() {
    let text = help(&[]).await;
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}"));
    let order = [
        "at its machine:",
        "  serve ",
        "from anywhere:",
        "  login ",
        "  users ",
        "Besides:",
        "  completion ",
        "Exit codes:",
    ];
    let places: Vec<usize> = order.into_iter().map(place).collect();
    assert!(places.is_sorted(), "{places:?} in {text}");
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
}

async fn script(shell: &str) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(["completion", shell]);
    said(command).await.expect(0).out
}

#[tokio::test]
async fn bash_completes_commands_and_their_options() {
    let scene = Scene::set().await;
    let file = scene.contexts().with_file_name("completion");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, script("bash").await).unwrap();
    let complete = async |words: &str| {
        let last = words.rsplit(' ').next().unwrap_or_default().to_owned();
        let line = format!(
            "source {}; COMP_WORDS=({words}{}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _castgate castgate '{last}' ''; echo \"${{COMPREPLY[@]}}\"",
            file.display(),
            if last.is_empty() { " ''" } else { "" },
        );
        let mut command = scene.bare("bash");
        command.args(["--norc", "-c", &line]);
        let said = said(command).await.expect(0);
        assert_eq!(said.err, "", "{line}");
        said.out.trim().to_owned()
    };
    assert_eq!(complete("castgate us").await, "users");
    assert_eq!(complete("castgate users su").await, "suspend");
    assert_eq!(complete("castgate connections tokens re").await, "revoke");
    assert_eq!(complete("castgate keys create ci --out").await, "--output");
    let all = complete("castgate ").await;
    assert!(["login", "mapping", "serve"].iter().all(|one| all.contains(one)), "{all}");
}

#[tokio::test]
async fn zsh_and_fish_have_scripts_of_their_own() {
    assert!(script("zsh").await.starts_with("#compdef castgate"));
    assert!(script("fish").await.contains("complete -c castgate"));
}
