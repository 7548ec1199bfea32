//! What the doctor made on somebody's server, so that all of it goes again.

use super::ask::Ask;
use serde_json::Value;

/// Something that was made, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// `/Users` or `/Groups`.
    pub(super) endpoint: &'static str,
    /// What it was named, for the look-up of what never got an answer.
    pub(super) name: String,
    /// The server's id, once it is known.
    pub(super) id: Option<String>,
}

impl Made {
    /// How it is looked up.
    pub(super) fn lookup(&self) -> Ask {
        let attribute = if self.endpoint == "/Users" { "userName" } else { "displayName" };
        Ask::get(self.endpoint).with("filter", format!("{attribute} eq \"{}\"", self.name))
    }
}

/// All of it, in the order in which it was made.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    made: Vec<Made>,
}

impl Ledger {
    /// Notes what a request is about to make. Before it is sent: an answer that never comes changes nothing about it.
    pub(super) fn expect(&mut self, ask: &Ask) {
        let endpoint = match (ask.method, ask.path.trim_end_matches('/')) {
            ("POST", "/Users") => "/Users",
            ("POST", "/Groups") => "/Groups",
            _ => return,
        };
        let body: Value = ask.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        self.note(endpoint, body["userName"].as_str().or(body["displayName"].as_str()).unwrap_or_default());
    }

    /// Notes something that a bulk request is about to make.
    pub(super) fn note(&mut self, endpoint: &'static str, name: &str) {
        self.made.push(Made { endpoint, name: name.to_owned(), id: None });
    }

    /// Notes something that came to be unasked.
    pub(super) fn note_made(&mut self, endpoint: &'static str, id: String) {
        self.made.push(Made { endpoint, name: String::new(), id: Some(id) });
    }

    /// Takes note of the answer to the request that was noted last.
    pub(super) fn answered(&mut self, ask: &Ask, status: u16, id: Option<String>) {
        let made_one = ask.method == "POST" && matches!(ask.path.trim_end_matches('/'), "/Users" | "/Groups");
        if !made_one {
            if ask.method == "DELETE" && (200..300).contains(&status) {
                self.made
                    .retain(|made| made.id.as_ref().is_none_or(|id| ask.path != format!("{}/{id}", made.endpoint)));
            }
            return;
        }
        match (status, id) {
            // Refused: nothing was made.
            (400..500, _) => drop(self.made.pop_if(|made| made.id.is_none())),
            (_, Some(id)) => {
                if let Some(last) = self.made.last_mut().filter(|made| made.id.is_none()) {
                    last.id = Some(id);
                }
            }
            (_, None) => {}
        }
    }

    /// Empties the ledger: the newest first, so that groups go before their members.
    pub(super) fn take(&mut self) -> Vec<Made> {
        let mut made = std::mem::take(&mut self.made);
        made.reverse();
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_be_there_is_remembered_and_what_is_not_is_not() {
        let mut ledger = Ledger::default();
        let ask = |name: &str| Ask::post("/Users", &json!({"userName": name}));
        for (name, status, id) in
            [("made", 201, Some("1")), ("refused", 409, None), ("silent", 0, None), ("broken", 500, None)]
        {
            let ask = ask(name);
            ledger.expect(&ask);
            ledger.answered(&ask, status, id.map(str::to_owned));
        }
        ledger.answered(&Ask::get("/Users"), 404, None);
        let gone = ask("gone");
        ledger.expect(&gone);
        ledger.answered(&gone, 201, Some("2".to_owned()));
        ledger.answered(&Ask::delete("/Users/2"), 204, None);
        let names: Vec<String> = ledger.take().into_iter().map(|made| made.name).collect();
        assert_eq!(names, ["broken", "silent", "made"]);
    }
}
