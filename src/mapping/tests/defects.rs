//! Mappings with one defect each, in three surroundings: nearly all have to be named, at their place. And mappings without a
//! defect, of which nothing may be said.

use super::*;
use std::fmt::Write as _;

/// Rules without a defect, which may stand beside each other in any choice.
const CLEAN: [&str; 10] = [
    "  - name: platform owners\n    groups: [castai-owners]\n    grant: owner\n",
    "  - name: cluster teams\n    groups: k8s-{cluster}-{role}\n    grant: \"{role}\"\n    clusters: [\"{cluster}\"]\n",
    "  - name: finance sees costs\n    when: department eq \"Finance\" and title pr and not (title co \"Intern\")\n    grant: analyst\n",
    "  - name: contractors\n    groups: [eng]\n    when: userType eq \"Contractor\"\n    grant: viewer\n    clusters: [staging-eu, staging-us]\n    until: 2027-01-31\n",
    "  - name: engineers stage\n    groups: [eng]\n    grant: member\n    clusters: [staging-eu]\n",
    "  - name: analysts by id\n    groups: [\"id:00g1\"]\n    grant: analyst\n",
    "  - name: two cost centres\n    when: costCenter eq \"4130\" or costCenter eq \"4140\"\n    grant: viewer\n",
    "  - name: on call\n    groups: [ops, eng]\n    grant: member\n    clusters: [prod]\n",
    "  - name: support\n    when: employeeNumber pr and department eq \"Support\"\n    grant: viewer\n",
    "  - name: payers\n    groups: [finance]\n    grant: Billing\n",
];

/// What is wrong, the rule that has it, and what is said of it.
const DEFECTS: [(&str, &str, &str); 34] = [
    ("unknown key", "groups: [eng]\n    grants: viewer", "there is no key"),
    ("unknown role", "groups: [eng]\n    grant: emperor", "there is no role"),
    ("unknown cluster", "groups: [eng]\n    grant: viewer\n    clusters: [prod-ue]", "there is no cluster"),
    ("unknown attribute", "when: departement eq \"x\"\n    grant: viewer", "there is no attribute"),
    ("unknown group", "groups: [enginering]\n    grant: viewer", "is known, so this matches nobody"),
    ("id is known", "groups: [analysts]\n    grant: member", "and its id is known"),
    ("self-written", "when: nickName eq \"Boss\"\n    grant: owner", "which people can often write themselves"),
    ("unverified address", "when: emails.value eq \"boss@acme.test\"\n    grant: owner", "nobody may have verified"),
    ("owner by a pattern", "groups: k8s-{cluster}-owner\n    grant: owner", "owner goes to every group that fits"),
    ("owner by a part", "when: department sw \"IT\"\n    grant: owner", "that many values fulfil"),
    ("owner by name", "when: userName eq \"boss\"\n    grant: owner", "nobody may have verified"),
    ("contradiction", "when: department eq \"A\" and department eq \"B\"\n    grant: member", "can never hold"),
    ("contrary", "when: department eq \"A\" and not (department eq \"A\")\n    grant: member", "can never hold"),
    ("narrower", "groups: [castai-owners]\n    grant: owner\n    clusters: [prod]", "gives all that this rule gives"),
    ("less", "groups: [castai-owners]\n    grant: viewer", "gives all that this rule gives"),
    (
        "asks for more",
        "groups: [castai-owners]\n    when: department eq \"A\"\n    grant: owner",
        "gives all that this rule gives",
    ),
    ("ended", "groups: [eng]\n    grant: viewer\n    until: 2020-01-31", "has ended"),
    ("absence", "when: not (title co \"Intern\")\n    grant: viewer", "nothing is known"),
    ("everybody", "when: title pr or not (title pr)\n    grant: viewer", "holds of everybody"),
    ("grants nothing", "groups: [eng]", "grants nothing"),
    ("nobody", "grant: viewer", "says of nobody that they match"),
    (
        "forgotten placeholder",
        "groups: k8s-{cluster}-{role}\n    grant: \"{role}\"",
        "the role is granted in the whole organization",
    ),
    ("empty placeholder", "groups: [eng]\n    grant: \"{role}\"", "is used here and not every group"),
    ("star", "groups: [\"eng-*\"]\n    grant: viewer", "the star in"),
    ("inactive", "when: active eq false\n    grant: viewer", "who are not active"),
    ("white space", "when: department eq \"Sales \"\n    grant: viewer", "which nobody sees"),
    ("bad date", "groups: [eng]\n    grant: viewer\n    until: 2027-02-31", "neither a date"),
    ("groups in a condition", "when: groups eq \"eng\"\n    grant: viewer", "cannot ask for groups"),
    ("twice", "groups: [finance, Finance]\n    grant: analyst", "stands here twice"),
    ("in vain", "groups: [eng]\n    grant: Billing\n    clusters: [prod]", "counts on a cluster"),
    ("useless allow", "groups: [finance]\n    grant: analyst\n    allow: [owner]", "has no effect here"),
    ("empty list", "groups: []\n    grant: viewer", "this list is empty"),
    ("no placeholder", "groups: k8s-{team}\n    grant: viewer", "is no placeholder"),
    ("roles that nobody says", "when: roles.value eq \"admin\"\n    grant: viewer", "no connection says any"),
];

fn known() -> Vocabulary {
    let group = |name: &str, id: Option<&str>| KnownGroup {
        connection: "okta".to_owned(),
        external_id: id.map(str::to_owned),
        display_name: name.to_owned(),
    };
    let mut known = vocabulary();
    let plain = ["castai-owners", "eng", "finance", "ops", "k8s-prod-member", "k8s-prod-owner"];
    known.groups = Some(plain.iter().map(|name| group(name, None)).collect());
    known.groups.iter_mut().for_each(|groups| groups.push(group("analysts", Some("00g1"))));
    known.roles_are_said = false;
    known
}

/// Rules from `first` on, `count` of them, round and round.
fn clean(first: usize, count: usize) -> String {
    (first..first + count).map(|place| CLEAN[place % CLEAN.len()]).collect()
}

#[test]
fn nearly_every_defect_is_named_at_its_place() {
    let (mut looked_at, mut missed) = (0, Vec::new());
    for (number, (what, rule, said)) in DEFECTS.iter().enumerate() {
        for surroundings in 0..3 {
            // The platform owners are always there: what is shadowed is shadowed by them.
            let (before, after) = match surroundings {
                0 => (CLEAN[0].to_owned(), String::new()),
                1 => (clean(0, 1 + number % 4), clean(5, 2)),
                _ => (String::new(), clean(0, 1)),
            };
            let text = format!("rules:\n{before}  - name: the defect\n    {rule}\n{after}");
            let first = before.lines().count() + 2;
            let lines = first..=first + rule.lines().count();
            let found = check(&text, &known(), now()).diagnostics;
            looked_at += 1;
            if !found.iter().any(|one| one.message.contains(said) && lines.contains(&one.line)) {
                missed.push(format!("{what}, {surroundings}: {found:#?}"));
            }
        }
    }
    assert!(looked_at >= 100);
    println!("{} of {looked_at} defects were named", looked_at - missed.len());
    assert!(missed.len() * 20 <= looked_at, "{}", missed.join("\n"));
}

#[test]
fn nothing_is_said_of_mappings_without_a_defect() {
    for number in 0..20 {
        let mut text = match number % 3 {
            0 => String::new(),
            1 => "default: viewer\n".to_owned(),
            _ => "default: none\n".to_owned(),
        };
        write!(text, "rules:\n{}", clean(number, 2 + number % 8)).unwrap();
        assert_eq!(found(&text, &known()), "", "{text}");
    }
}

#[test]
fn the_ways_to_become_owner_are_listed_with_their_risks() {
    let text = format!(
        "default: {{okta: owner}}\nrules:\n{}  - name: by mail\n    when: userName eq \"boss\"\n    grant: owner\n  - name: on a \
         cluster\n    groups: [eng]\n    grant: owner\n    clusters: [prod]\n",
        clean(0, 2)
    );
    let ways = mapping_with(&text, &known()).owner_rules();
    let told: Vec<_> = ways.iter().map(|way| (way.rule.as_deref(), way.line, way.risks.len())).collect();
    assert_eq!(told, [(None, 1, 1), (Some("platform owners"), 3, 0), (Some("by mail"), 10, 1)]);
}
