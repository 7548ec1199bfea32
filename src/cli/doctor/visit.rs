//! One visit at a server: sends, remembers what was made, and takes down how each rule fared.

use super::{
    answer::{Answer, Held},
    ask::Ask,
    ledger::{Ledger, Made},
    rule::{Level, Rule, Source},
    standing,
};
use crate::net;
use indicatif::{ProgressBar, ProgressFinish};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// The longest time that a server may have us wait (429), and how often.
const PATIENCE: (u64, u32) = (60, 5);
/// After so many requests without an answer nobody is there.
const GONE: u32 = 3;

/// How often something that never got an answer is looked for.
const LOOKS: u32 = 4;

/// The URN of a PATCH.
pub(super) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How a rule fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds.
    Holds,
    /// It does not.
    Broken {
        /// The request.
        asked: String,
        /// What came of it.
        came: String,
    },
    /// It was not asked for.
    NotAsked(String),
}

/// What to ask for, and what to leave out.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Sends nothing but GET.
    pub(super) read_only: bool,
    /// Leaves out what only providers want.
    pub(super) rfc_only: bool,
}

/// What the server says that it can do.
#[expect(clippy::struct_excessive_bools, reason = "a configuration is a list of promises")]
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The enterprise extension.
    pub(super) enterprise: bool,
    /// ETags.
    pub(super) etag: bool,
    /// `sortBy`.
    pub(super) sort: bool,
    /// Bulk: the most operations.
    pub(super) bulk: Option<u64>,
    /// RFC 9865.
    pub(super) cursor: bool,
    /// Roles: where they are listed.
    pub(super) roles: Option<String>,
}

/// A visit.
#[derive(Debug)]
pub(super) struct Visit {
    /// What the server says of itself.
    pub(super) facts: Facts,
    /// What this visit's names have that no others have.
    pub(super) tag: String,
    /// The domain of its people's addresses.
    pub(super) domain: String,
    pub(super) scope: Scope,
    /// Requests so far.
    pub(super) requests: u32,
    pub(super) ledger: Ledger,
    http: net::Client,
    base: String,
    token: SecretString,
    verdicts: BTreeMap<&'static str, Verdict>,
    entered: Vec<(&'static str, &'static [Rule])>,
    reason: Option<String>,
    silences: u32,
    progress: ProgressBar,
}

impl Visit {
    pub(super) fn new(base: &str, token: SecretString, scope: Scope, tag: String, domain: String) -> Self {
        // Okta gives up after a minute.
        let policy = net::Policy { timeout: Duration::from_mins(1), ..net::Policy::of_command_line() };
        Self {
            facts: Facts::default(),
            tag,
            domain,
            scope,
            requests: 0,
            ledger: Ledger::default(),
            http: net::Client::new(policy),
            base: base.trim_end_matches('/').to_owned(),
            token,
            verdicts: BTreeMap::new(),
            entered: Vec::new(),
            reason: None,
            silences: 0,
            // Draws nothing on what is no terminal.
            progress: ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear),
        }
    }

    /// The server's address, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Begins with another part of what there is to ask.
    pub(super) fn enter(&mut self, area: &'static str, rules: &'static [Rule]) {
        self.settle();
        self.entered.push((area, rules));
        self.progress.enable_steady_tick(Duration::from_millis(100));
    }

    /// Says why the rest of this part is not asked for.
    pub(super) fn leave(&mut self, why: impl Into<String>) {
        self.reason = Some(why.into());
    }

    /// What has no verdict by now is not asked for any more.
    fn settle(&mut self) {
        let why = self.reason.take().unwrap_or_else(|| "there was no occasion".to_owned());
        if let Some((_, rules)) = self.entered.last() {
            for rule in *rules {
                let leave_out = matches!(rule.source, Source::Habit(_)) && self.scope.rfc_only;
                let why = if leave_out { "--rfc-only" } else { &why };
                self.verdicts.entry(rule.name).or_insert_with(|| Verdict::NotAsked(why.to_owned()));
            }
        }
    }

    /// How every rule fared, part by part.
    pub(super) fn outcome(&mut self) -> Vec<(&'static str, &'static Rule, Verdict)> {
        self.settle();
        self.progress.finish_and_clear();
        let entered = std::mem::take(&mut self.entered);
        let mut all = Vec::new();
        for (area, rules) in entered {
            for rule in rules {
                if let Some(verdict) = self.verdicts.remove(rule.name) {
                    all.push((area, rule, verdict));
                }
            }
        }
        all
    }

    /// Takes down whether a rule held. The first breach counts; afterwards nothing makes it good.
    pub(super) fn judge(&mut self, rule: &Rule, answer: &Answer, held: Held) {
        if matches!(rule.source, Source::Habit(_)) && self.scope.rfc_only {
            return;
        }
        let broken = |verdict: &Verdict| matches!(verdict, Verdict::Broken { .. });
        if self.verdicts.get(rule.name).is_some_and(broken) {
            return;
        }
        let verdict = match held {
            Ok(()) => Verdict::Holds,
            Err(came) => Verdict::Broken { asked: answer.asked.clone(), came },
        };
        self.verdicts.insert(rule.name, verdict);
    }

    /// How many faults there are so far.
    pub(super) fn faults(&self) -> usize {
        let rules = self.entered.iter().flat_map(|(_, rules)| *rules);
        let faulty = |rule: &&Rule| {
            rule.level == Level::Fault && matches!(self.verdicts.get(rule.name), Some(Verdict::Broken { .. }))
        };
        rules.filter(faulty).count()
    }

    /// Sends something. No answer is an answer too: its status is 0.
    pub(super) async fn send(&mut self, ask: Ask) -> Answer {
        let area = self.entered.last().map_or("begin", |(area, _)| *area);
        self.progress.set_message(format!("{area}: {} requests, {} faults", self.requests, self.faults()));
        if self.silences >= GONE {
            return Answer {
                asked: ask.shown(),
                text: format!("nobody answered the last {GONE} requests"),
                ..Answer::default()
            };
        }
        self.ledger.expect(&ask);
        let answer = self.patiently(&ask).await;
        self.silences = if answer.status == 0 { self.silences + 1 } else { 0 };
        self.ledger.answered(&ask, answer.status, answer.id());
        for (rule, held) in standing::judged(&ask, &answer) {
            self.judge(rule, &answer, held);
        }
        answer
    }

    /// Waits when it is asked to.
    async fn patiently(&mut self, ask: &Ask) -> Answer {
        let (longest, times) = PATIENCE;
        let mut answer = Answer::default();
        for _ in 0..times {
            answer = self.once(ask).await;
            if answer.status != 429 {
                break;
            }
            let seconds = answer.header("retry-after").parse().unwrap_or(1_u64);
            tokio::time::sleep(Duration::from_secs(seconds.clamp(1, longest))).await;
        }
        answer
    }

    async fn once(&mut self, ask: &Ask) -> Answer {
        self.requests += 1;
        let mut answer = Answer { asked: ask.shown(), ..Answer::default() };
        let request = match ask.request(&self.base, &self.token) {
            Ok(request) => request,
            Err(error) => {
                answer.text = format!("the request cannot be written down: {error}");
                return answer;
            }
        };
        let begun = Instant::now();
        match self.http.send(request).await {
            Ok(response) => {
                answer.status = response.status().as_u16();
                answer.headers = response.headers().clone();
                answer.json = serde_json::from_slice(response.body()).unwrap_or_default();
                answer.text = String::from_utf8_lossy(response.body()).into_owned();
            }
            Err(error) => answer.text = error.to_string(),
        }
        answer.milliseconds = begun.elapsed().as_millis();
        answer
    }

    /// Sends something and is gone before it can be answered: a reset, and no farewell. False where that cannot be done.
    pub(super) async fn lose(&mut self, ask: &Ask) -> bool {
        let Some((host, port, bytes)) = ask.bytes(&self.base, &self.token) else { return false };
        self.ledger.expect(ask);
        self.requests += 1;
        let gone = async {
            let mut wire = TcpStream::connect((host, port)).await?;
            wire.write_all(&bytes).await?;
            wire.set_zero_linger()
        };
        gone.await.is_ok()
    }

    /// GET, without parameters.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Ask::get(path)).await
    }

    /// A page of everything that a filter finds.
    pub(super) async fn find(&mut self, endpoint: &str, filter: impl ToString) -> Answer {
        self.send(Ask::get(endpoint).with("filter", filter)).await
    }

    /// Makes something; judges nothing.
    pub(super) async fn make(&mut self, endpoint: &str, body: &Value) -> Answer {
        self.send(Ask::post(endpoint, body)).await
    }

    /// PATCHes, reads what is there then, and holds it to a rule. The answer is what was read.
    pub(super) async fn change(
        &mut self,
        rule: &Rule,
        path: &str,
        operations: Value,
        holds: impl FnOnce(&Answer) -> Held,
    ) -> Answer {
        let answer = self.send(Ask::patch(path, &patch(&operations))).await;
        self.see(rule, path, &answer, holds).await
    }

    /// Reads what is there after a change, and holds it to a rule.
    pub(super) async fn see(
        &mut self,
        rule: &Rule,
        path: &str,
        answer: &Answer,
        holds: impl FnOnce(&Answer) -> Held,
    ) -> Answer {
        let now = self.get(path).await;
        let held = answer.is_fine().and_then(|()| {
            now.is(&[200]).map_err(|came| format!("{}, but then GET gives {came}", answer.status))?;
            holds(&now).map_err(|came| format!("{}, but then GET gives {came}", answer.status))
        });
        self.judge(rule, answer, held);
        now
    }

    /// PATCHes what must be refused, and sees that nothing changed.
    pub(super) async fn refuse(&mut self, rule: &Rule, path: &str, operations: Value, keywords: &[&str]) -> Answer {
        let answer = self.send(Ask::patch(path, &patch(&operations))).await;
        let held = answer.refuses(400, keywords);
        self.judge(rule, &answer, held);
        answer
    }

    /// Deletes one thing; whether it was not there.
    async fn take_away(&mut self, made: &Made, id: &str, left: &mut Vec<String>) -> bool {
        let path = format!("{}/{id}", made.endpoint);
        let answer = self.patiently(&Ask::delete(path.clone())).await;
        let gone = matches!(answer.status, 404 | 410);
        if !gone && !answer.succeeded() {
            left.push(format!("{path} “{}”: DELETE gives {}", made.name, answer.told()));
        }
        gone
    }

    /// Looks for what never got an answer. A server may still be at it: who finds nothing looks again.
    async fn look_for(&mut self, made: &Made) -> Answer {
        let mut found = Answer::default();
        for _ in 0..LOOKS {
            found = self.patiently(&made.lookup()).await;
            if !found.ids().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        found
    }

    /// Takes away what this visit made; what could not be is told.
    pub(super) async fn clean_up(&mut self) -> Vec<String> {
        self.silences = 0;
        let mut left = Vec::new();
        for made in self.ledger.take() {
            self.progress.set_message(format!("cleaning up: {}", made.name));
            let ids = match &made.id {
                Some(id) => vec![id.clone()],
                None if made.name.is_empty() => Vec::new(),
                None => {
                    let found = self.look_for(&made).await;
                    if found.status != 200 {
                        left.push(format!(
                            "perhaps {} “{}”: the look-up gives {}",
                            made.endpoint,
                            made.name,
                            found.told()
                        ));
                    }
                    found.ids().into_iter().map(str::to_owned).collect()
                }
            };
            let mut missed = false;
            for id in ids {
                missed |= self.take_away(&made, &id, &mut left).await;
            }
            // The id that was answered is nobody's: the name is still somebody's, perhaps.
            if missed && !made.name.is_empty() {
                let found = self.patiently(&made.lookup()).await;
                for id in found.ids() {
                    self.take_away(&made, id, &mut left).await;
                }
            }
        }
        left
    }
}

/// A PATCH message.
pub(super) fn patch(operations: &Value) -> Value {
    json!({"schemas": [PATCH], "Operations": operations})
}
