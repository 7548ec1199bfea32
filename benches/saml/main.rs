//! What verifying a SAML response costs, against what cannot be left out: one RSA-2048 verification and the digest of its bytes.
//!
//! `cargo bench --bench saml`. Each line has a name, a value, its limit, the ratio of the two, and `ok` or `MISSED`.
//! `CASTGATE_BENCH_QUICK=1` takes a few seconds. A miss is told and is no failure: machines differ.
//!
//! Both are done in turns on one thread; the ratio is the median of those of the turns.

#![expect(clippy::unwrap_used, reason = "it shares the documents of the tests, which stop where something is wrong")]

#[expect(dead_code, reason = "it belongs to the tests")]
#[path = "../../tests/saml_corpus/issuer.rs"]
mod issuer;
#[expect(dead_code, reason = "it belongs to the tests")]
#[path = "../../tests/saml_corpus/scene.rs"]
mod scene;

use castgate::crypto::{SignatureAlgorithm, sha256};
use scene::{KEYS, Setting, assertion, field, swapped, with_both_signed, with_signed_assertion, with_signed_response};
use std::{
    env,
    hint::black_box,
    time::{Duration, Instant},
};

/// How much is done.
struct Size {
    turns: usize,
    times: u32,
}

const FULL: Size = Size { turns: 41, times: 200 };
const QUICK: Size = Size { turns: 15, times: 40 };

fn main() {
    let size = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    println!("{:<44} {:>16} {:>16} {:>7} {:>6}", "name", "castgate", "bare", "ratio", "most");
    let said = with_groups(20);
    against_bare("assertion signed, 20 groups", &with_signed_assertion(&said), (4.0, &size));
    against_bare("response signed, 20 groups", &with_signed_response(&said), (4.0, &size));
    // Two signatures are verified here, and one is in the bare limit.
    against_bare("both signed, 20 groups", &with_both_signed(&said), (8.0, &size));
    let (half, whole) = (with_signed_assertion(&with_groups(500)), with_signed_assertion(&with_groups(1_000)));
    let name = "1,000 groups, against twice 500";
    compare(name, (&mut || verify(&whole), &mut || verify(&half)), (2.0, 1.2), &size);
    let (half, whole) = (with_signed_response(&with_groups(1_000)), with_signed_response(&with_groups(2_000)));
    let name = "2,000 groups, against twice 1,000";
    compare(name, (&mut || verify(&whole), &mut || verify(&half)), (2.0, 1.2), &size);
}

fn with_groups(count: usize) -> String {
    let values: String = (0..count)
        .map(|number| format!("<saml:AttributeValue>CN=team-{number:05},OU=Groups,DC=example</saml:AttributeValue>"))
        .collect();
    swapped(&assertion(), "<saml:AttributeValue>engineering</saml:AttributeValue>", &values)
}

fn verify(xml: &str) -> Duration {
    let (value, setting) = (field(xml), Setting::default());
    let started = Instant::now();
    black_box(setting.verify(&value).unwrap());
    started.elapsed()
}

fn against_bare(name: &str, xml: &str, (most, size): (f64, &Size)) {
    let message = b"as long as SignedInfo is ".repeat(24);
    let signature = KEYS.idp.sign(issuer::RSA_SHA256, &message);
    let mut bare = || {
        let started = Instant::now();
        assert!(KEYS.idp.certificate.verifies(SignatureAlgorithm::RsaSha256, black_box(&message), &signature));
        black_box(sha256(black_box(xml.as_bytes())));
        started.elapsed()
    };
    compare(name, (&mut || verify(xml), &mut bare), (1.0, most), size);
}

/// Both in turns. `scale` is how often the second fits into the first, if all is well.
fn compare(
    name: &str,
    (ours, theirs): (&mut dyn FnMut() -> Duration, &mut dyn FnMut() -> Duration),
    (scale, most): (f64, f64),
    size: &Size,
) {
    let mut turns: Vec<(f64, f64)> = Vec::new();
    for _ in 0..size.turns {
        let (mut first, mut second) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..size.times {
            first += ours();
            second += theirs();
        }
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(size.times);
        turns.push((micros(first), micros(second) * scale));
    }
    turns.sort_by(|left, right| (left.0 / left.1).total_cmp(&(right.0 / right.1)));
    let (value, limit) = turns[turns.len() / 2];
    let ratio = value / limit;
    let verdict = if ratio <= most { "ok" } else { "MISSED" };
    println!(
        "{name:<44} {:>16} {:>16} {ratio:>7.2} {most:>6.1} {verdict}",
        format!("{value:.1} us"),
        format!("{limit:.1} us")
    );
}
