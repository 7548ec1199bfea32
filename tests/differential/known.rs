//! Where castgate and scim2-server 0.8.3 differ, and who is right.

/// Who keeps the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// castgate.
    Castgate,
    /// scim2-server, by the letter. castgate's tolerant dialect does what a provider needs, and its strict one keeps to the letter.
    Letter,
    /// Both: the RFC leaves it open.
    Both,
}

/// One difference.
#[derive(Debug)]
pub struct Known {
    pub step: &'static str,
    /// castgate's answer against the other's.
    pub difference: &'static str,
    #[expect(dead_code, reason = "for whoever reads the list")]
    pub right: Right,
    pub why: &'static str,
}

pub const KNOWN: &[Known] = &[
    Known {
        step: "an empty name",
        difference: "400 invalidValue against 201",
        right: Right::Castgate,
        why: "RFC 7643 §4.1.1: each User MUST include a non-empty userName",
    },
    Known {
        step: "the empty name leaves again",
        difference: "404 against 204",
        right: Right::Castgate,
        why: "RFC 7644 §3.6: there is nobody to delete, as nobody was made",
    },
    Known {
        step: "replace a value that is not there",
        difference: "200 against 400 noTarget",
        right: Right::Letter,
        why: "RFC 7644 §3.5.2.3 wants noTarget; Entra replaces addresses that it never added",
    },
    Known {
        step: "add a value by filter",
        difference: "200 against 400 noTarget",
        right: Right::Both,
        why: "RFC 7644 §3.5.2.1 does not say what add does to a selection of nothing; Entra adds every such value so",
    },
    Known {
        step: "an unknown op",
        difference: "400 invalidSyntax against 400 invalidValue",
        right: Right::Both,
        why: "RFC 7644 §3.12: the message does not conform to its schema, and the value is no op; either word fits",
    },
    Known {
        step: "an unknown path",
        difference: "200 against 400 invalidPath",
        right: Right::Letter,
        why: "RFC 7644 §3.5.2 wants invalidPath; OneLogin's templates have misspelt names, and one would stop everybody",
    },
    Known {
        step: "a group",
        difference: "/members/0/type: \"User\" against null",
        right: Right::Both,
        why: "RFC 7643 §4.2: a member may have a type; castgate says it though the client did not",
    },
    Known {
        step: "a member is removed by value",
        difference: "200 against 400 invalidValue",
        right: Right::Both,
        why: "RFC 7644 §3.5.2.2 knows no value of a remove; Entra, authentik and Rauthy mean those whom it lists",
    },
    Known {
        step: "who is in then",
        difference: "/members: [{\"value\":\"{ada}\"}] against [{\"value\":\"{ada}\"},{\"value\":\"{carol}\"}]",
        right: Right::Both,
        why: "RFC 7644 §3.5.2.2: what the step before came to",
    },
    Known {
        step: "a member whom nobody knows",
        difference: "/members: [{\"value\":\"{bob}\"},{\"value\":\"{carol}\"}] against [{\"value\":\"usr_nobody\"},{\"value\":\"{bob}\"},{\"value\":\"{carol}\"}]",
        right: Right::Both,
        why: "RFC 7643 §4.2 does not say whom a value may name; castgate keeps the unknown one aside until they come",
    },
];
