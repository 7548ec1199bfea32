//! `castgate org`, as somebody at the machine types it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A machine with castgate on it.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_castgate"))
            .args(arguments)
            .env("CASTGATE_STORE__DATA_DIRECTORY", self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.success(), text)
    }

    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        let (worked, text) = self.run(arguments);
        assert!(worked, "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        let (worked, text) = self.run(arguments);
        assert!(!worked, "{arguments:?}: {text}");
        text
    }
}

#[test]
fn the_operator_makes_lists_renames_and_deletes_organizations() {
    let machine = Machine { directory: TempDir::new().unwrap() };
    assert!(machine.works(&["org", "list"]).contains("no organization yet"));
    let made = machine.works(&["org", "create", "--slug", "acme", "--owner", "ada@acme.test", "--accept-terms"]);
    assert!(made.contains("cgk_") && made.contains("/login/link?token="), "{made}");
    machine.works(&["org", "create", "--slug", "other", "--owner", "bob@other.test"]);
    machine.refuses(&["org", "rename", "acme"]);
    let renamed = machine.works(&["org", "rename", "acme", "--slug", "acme-corp", "--name", "Acme Corp."]);
    assert!(renamed.contains("“acme” lead nowhere"), "{renamed}");
    assert!(machine.refuses(&["org", "rename", "acme-corp", "--slug", "other"]).contains("already"));
    let listed = machine.works(&["org", "list"]);
    assert!(
        listed.contains("acme-corp  org_") && listed.contains("Acme Corp.") && listed.contains("other"),
        "{listed}"
    );
    // Nobody sits before this command, so the slug has to be repeated.
    assert!(machine.refuses(&["org", "delete", "acme-corp"]).contains("--yes acme-corp"));
    assert!(machine.refuses(&["org", "delete", "acme-corp", "--yes", "acme"]).contains("repeat"));
    assert!(machine.works(&["org", "delete", "acme-corp", "--yes", "acme-corp"]).contains("is gone"));
    machine.refuses(&["org", "delete", "acme-corp", "--yes", "acme-corp"]);
    let listed = machine.works(&["org", "list"]);
    assert!(!listed.contains("acme") && listed.contains("other"), "{listed}");
}
