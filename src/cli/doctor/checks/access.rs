//! Who comes without a token, or with a wrong one.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};

rules! {
    NOBODY = Rule::rfc("no-token-401", "7644 §2",
        "Without a token nobody gets in: 401.",
        "Anybody could read and change everybody.",
        "Ask for the token before anything else.");
    WRONG = Rule::rfc("wrong-token-401", "7644 §2",
        "A wrong token is 401.",
        "Providers tell their admin “the credentials are wrong” by this status alone; a revoked token must not work.",
        "Compare the token, and answer 401 where it is not known.");
    NO_SCHEME = Rule::habit("no-scheme-401", "Okta's submission test",
        "An Authorization without a scheme is 401 with a SCIM error.",
        "Okta's catalogue takes no server that fails it.",
        "Treat what cannot be read as no token.");
    HOW = Rule::rfc("401-says-how", "9110 §15.5.2",
        "401 comes with WWW-Authenticate.",
        "A client does not know which scheme to use, and some HTTP libraries refuse the answer.",
        "Send WWW-Authenticate: Bearer with every 401.");
}

pub(super) async fn check(visit: &mut Visit) {
    let list = || Ask::get("/Users").with("count", 1);
    let nobody = visit.send(list().by_nobody()).await;
    visit.judge(&NOBODY, &nobody, nobody.is(&[401]));
    let wrong = visit.send(list().by("Bearer castgate-doctor-no-such-token")).await;
    visit.judge(&WRONG, &wrong, wrong.is(&[401]));
    let bare = visit.send(list().by("non-token")).await;
    visit.judge(&NO_SCHEME, &bare, bare.is(&[401]).and_then(|()| bare.says("/status", &"401".into())));
    if nobody.status == 401 {
        let says = !nobody.header("www-authenticate").is_empty();
        visit.judge(&HOW, &nobody, hold(says, || "401 without WWW-Authenticate".to_owned()));
    }
}
