//! Readers that somebody else wrote: signxml judges the same signatures, libxml2 canonicalizes the same documents.
//!
//! `tests/run` installs them and sets `CASTGATE_TEST_VENV`. Without that these tests say that they skip, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

use crate::{attacks, benign, scene::Setting};
use castgate::sso::saml::c14n::canonicalize;
use serde_json::{Value, json};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

/// Its schema of signatures knows no prefix list in SignedInfo, which exclusive canonicalization §3 allows.
const BEYOND_SIGNXML: &[&str] = &["a listed prefix of SignedInfo"];

/// What the other readers say of each case; none where they are not installed.
fn ask(cases: &[Value]) -> Option<Vec<Value>> {
    let Some(venv) = env::var_os("CASTGATE_TEST_VENV") else {
        assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saml_corpus/judge.py");
    let mut child = Command::new(Path::new(&venv).join("bin/python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(input, "{line}").unwrap();
        }
    });
    let output = BufReader::new(child.stdout.take().unwrap());
    let answers: Vec<Value> = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), cases.len());
    Some(answers)
}

/// One judgement for each certificate of the connection; the name if any of them verifies.
fn judged(xml: &[(&str, &Setting)]) -> Option<Vec<Option<String>>> {
    let mut cases = Vec::new();
    let mut owners = Vec::new();
    for (at, (xml, setting)) in xml.iter().enumerate() {
        for certificate in &setting.trust.certificates {
            cases.push(json!({"xml": xml, "certificate": certificate.to_base64(), "sha1": setting.trust.allow_sha1}));
            owners.push(at);
        }
    }
    let answers = ask(&cases)?;
    let mut names = vec![None; xml.len()];
    for (at, answer) in owners.into_iter().zip(answers) {
        if let Some(name) = answer["name"].as_str() {
            names[at] = Some(name.to_owned());
        } else if names[at].is_none() && env::var_os("CASTGATE_TEST_SAY_WHY").is_some() {
            eprintln!("{at}: {}", answer["why"]);
        }
    }
    Some(names)
}

#[test]
fn signxml_verifies_what_is_accepted_and_reads_the_same_name() {
    // What is encrypted, and a NameID that is, is beyond what it reads.
    let benign: Vec<_> = benign::all().into_iter().filter(|one| !one.xml.contains("<xenc:EncryptedData")).collect();
    let cases: Vec<_> = benign.iter().map(|one| (one.xml.as_str(), &one.setting)).collect();
    let Some(names) = judged(&cases) else { return };
    let mut different = Vec::new();
    for (one, theirs) in benign.iter().zip(names) {
        let ours = one.setting.verify(&one.field).unwrap().name_id.value;
        if theirs.as_deref() != Some(ours.as_str()) && !BEYOND_SIGNXML.contains(&one.name.as_str()) {
            different.push(format!("{}: {ours} and {theirs:?}", one.name));
        }
    }
    assert!(
        benign.len() > 40 && different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        benign.len(),
        different.join("\n")
    );
}

#[test]
fn signxml_refuses_every_forged_signature_too() {
    let forged: Vec<_> = attacks::ALL
        .iter()
        .filter_map(|one| {
            let code = one.setting.verify(&one.field).err()?.code();
            let of_keys = ["wrong_certificate", "altered", "unsigned"].contains(&code.as_str());
            let xml = String::from_utf8(data_encoding::BASE64.decode(one.field.as_bytes()).ok()?).ok()?;
            (of_keys && !xml.contains("<xenc:EncryptedData")).then_some((one, xml))
        })
        .collect();
    let cases: Vec<_> = forged.iter().map(|(one, xml)| (xml.as_str(), &one.setting)).collect();
    let Some(names) = judged(&cases) else { return };
    let accepted: Vec<_> = forged
        .iter()
        .zip(names)
        .filter_map(|((one, _), name)| name.map(|name| format!("{}: {name}", one.name)))
        .collect();
    assert!(
        forged.len() >= 40 && accepted.is_empty(),
        "{} of {}:\n{}",
        accepted.len(),
        forged.len(),
        accepted.join("\n")
    );
}

/// splitmix64: the same documents every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const URIS: &[&str] = &["urn:a", "urn:b", "http://c.example/?x=1", "urn:a"];
const PREFIXES: &[&str] = &["p", "q", "r", "a"];
const TEXTS: &[&str] = &[
    "x",
    " ",
    "\n  ",
    "\t",
    "\r\n",
    "é",
    "𝄞",
    "&amp;",
    "&lt;",
    "&gt;",
    ">",
    "&#13;",
    "&#xA;",
    "&#9;",
    "\"",
    "'",
    "&quot;",
    "&apos;",
    "&#x1F600;",
    "a b",
];
const VALUES: &[&str] = &[
    "",
    "x",
    "a  b",
    "\n",
    "\t",
    "&#10;",
    "&#13;",
    "&#9;",
    "&amp;",
    "&lt;",
    ">",
    "&quot;",
    "'",
    "é",
    "\r\n",
    "&#38;#38;",
];

/// An element with whatever namespaces. `scope` are the prefixes that may be used here.
fn element(numbers: &mut Numbers, depth: usize, scope: &[&'static str], out: &mut String) {
    let mut scope = scope.to_vec();
    let mut declared = String::new();
    let mut new: Vec<&str> = Vec::new();
    for _ in 0..numbers.below(3) {
        let prefix = numbers.pick(PREFIXES);
        if !new.contains(&prefix) {
            declared.push_str(&format!(" xmlns:{prefix}=\"{}\"", numbers.pick(URIS)));
            new.push(prefix);
        }
    }
    scope.extend(PREFIXES.iter().filter(|prefix| new.contains(prefix)));
    match numbers.below(6) {
        0 => declared.push_str(&format!(" xmlns=\"{}\"", numbers.pick(URIS))),
        1 => declared.push_str(" xmlns=\"\""),
        _ => {}
    }
    let name = match scope.is_empty() || numbers.below(3) == 0 {
        true => format!("e{}", numbers.below(3)),
        false => format!("{}:e{}", scope[numbers.below(scope.len())], numbers.below(3)),
    };
    let mut attributes = String::new();
    for at in 0..numbers.below(4) {
        let local = format!("{}{at}", numbers.pick(&["z", "b", "A", "lang"]));
        let prefix = match (scope.is_empty(), numbers.below(5)) {
            (_, 0) => "xml:".to_owned(),
            (false, 1 | 2) => format!("{}:", scope[numbers.below(scope.len())]),
            _ => String::new(),
        };
        attributes.push_str(&format!(" {prefix}{local}=\"{}\"", numbers.pick(VALUES)));
    }
    let (first, second) = if numbers.below(2) == 0 { (declared, attributes) } else { (attributes, declared) };
    out.push_str(&format!("<{name}{first}{second}"));
    if numbers.below(6) == 0 {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for _ in 0..numbers.below(5) {
        if depth > 0 && numbers.below(2) == 0 {
            element(numbers, depth - 1, &scope, out);
        } else {
            out.push_str(numbers.pick(TEXTS));
        }
    }
    out.push_str(&format!("</{name}>"));
}

#[test]
fn libxml2_canonicalizes_thousands_of_documents_to_the_same_bytes() {
    let mut numbers = Numbers(5);
    let mut cases = Vec::new();
    let mut ours = Vec::new();
    while cases.len() < 4_000 {
        let mut xml = String::new();
        element(&mut numbers, 5, &[], &mut xml);
        // `#default` is not among them: lxml forgets it, because it is no name in the document.
        let prefixes: Vec<&str> = match numbers.below(3) {
            0 => (0..=numbers.below(3)).map(|_| numbers.pick(&["p", "q", "a", "none"])).collect(),
            _ => Vec::new(),
        };
        // Two prefixes of one namespace may make an attribute stand there twice: that is no document.
        let Ok(canonical) = canonicalize(xml.as_bytes(), None, &prefixes) else { continue };
        cases.push(json!({"xml": xml, "prefixes": prefixes}));
        ours.push(canonical);
    }
    for one in benign::all().iter().filter(|one| !one.xml.starts_with('\u{feff}')) {
        cases.push(json!({"xml": one.xml, "prefixes": []}));
        ours.push(canonicalize(one.xml.as_bytes(), None, &[]).unwrap());
    }
    let Some(answers) = ask(&cases) else { return };
    for ((case, ours), theirs) in cases.iter().zip(ours).zip(answers) {
        assert_eq!(Some(ours.as_str()), theirs["canonical"].as_str(), "{case} {theirs}");
    }
}

/// Exclusive XML Canonicalization §3: what is on the list is written as inclusive canonicalization writes it.
#[test]
fn the_default_namespace_on_the_list_is_written_where_it_holds() {
    let xml = b"<p:a xmlns:p=\"urn:p\" xmlns=\"urn:d\"><b/><p:c xmlns=\"\"/></p:a>";
    let listed = canonicalize(xml, None, &["#default"]).unwrap();
    assert_eq!(listed, "<p:a xmlns=\"urn:d\" xmlns:p=\"urn:p\"><b></b><p:c xmlns=\"\"></p:c></p:a>");
    let plain = canonicalize(xml, None, &[]).unwrap();
    assert_eq!(plain, "<p:a xmlns:p=\"urn:p\"><b xmlns=\"urn:d\"></b><p:c></p:c></p:a>");
}
