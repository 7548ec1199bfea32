//! What verifying a SAML response costs, against what cannot be left out: one RSA-2048 verification and the digest of its bytes.
//!
//! `cargo bench --bench saml`. Each line has a name, a value, its limit, the ratio of the two, and `ok` or `MISSED`.
//! `CASTGATE_BENCH_QUICK=1` takes a few seconds. A miss is told and is no failure: machines differ.
//!
//! Both are done in turns on one thread; the ratio is the median of those of the turns.

#![expect(clippy::format_collect, reason = "documents are put together as they read")]
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
    env, fs,
    hint::black_box,
    time::{Duration, Instant},
};

/// How much is done.
struct Size {
    turns: usize,
    turn: Duration,
}

const FULL: Size = Size { turns: 15, turn: Duration::from_millis(600) };
const QUICK: Size = Size { turns: 5, turn: Duration::from_millis(400) };

fn main() {
    let size = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    println!("{:<44} {:>16} {:>16} {:>7} {:>6}", "name", "castgate", "bare", "ratio", "most");
    let said = with_groups(20);
    against_bare("assertion signed, 20 groups", &with_signed_assertion(&said), (4.0, &size));
    against_bare("response signed, 20 groups", &with_signed_response(&said), (4.0, &size));
    // Two signatures are verified here, and one is in the bare limit.
    against_bare("both signed, 20 groups", &with_both_signed(&said), (8.0, &size));
    // What grows with the square would be at 2.
    let (half, whole) = (with_signed_assertion(&with_groups(500)), with_signed_assertion(&with_groups(1_000)));
    let name = "1,000 groups, against twice 500";
    compare(name, (&mut verifying(&whole), &mut verifying(&half)), (2.0, 1.5), &size);
    let (half, whole) = (with_signed_response(&with_groups(1_000)), with_signed_response(&with_groups(2_000)));
    let name = "2,000 groups, against twice 1,000";
    compare(name, (&mut verifying(&whole), &mut verifying(&half)), (2.0, 1.5), &size);
}

fn with_groups(count: usize) -> String {
    let values: String = (0..count)
        .map(|number| format!("<saml:AttributeValue>CN=team-{number:05},OU=Groups,DC=example</saml:AttributeValue>"))
        .collect();
    swapped(&assertion(), "<saml:AttributeValue>engineering</saml:AttributeValue>", &values)
}

/// One verification after another.
fn verifying(xml: &str) -> impl FnMut() {
    let (value, setting) = (field(xml), Setting::default());
    move || drop(black_box(setting.verify(black_box(&value)).unwrap()))
}

fn against_bare(name: &str, xml: &str, (most, size): (f64, &Size)) {
    let message = b"as long as SignedInfo is ".repeat(24);
    let signature = KEYS.idp.sign(issuer::RSA_SHA256, &message);
    let mut bare = || {
        assert!(KEYS.idp.certificate.verifies(SignatureAlgorithm::RsaSha256, black_box(&message), &signature));
        black_box(sha256(black_box(xml.as_bytes())));
    };
    compare(name, (&mut verifying(xml), &mut bare), (1.0, most), size);
}

/// How long this thread was on a processor: what others do on the machine does not count.
fn on_processor() -> Duration {
    let said = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(said.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}

/// Both in turns. `scale` is how often the second fits into the first, if all is well.
fn compare(name: &str, (ours, theirs): (&mut dyn FnMut(), &mut dyn FnMut()), (scale, most): (f64, f64), size: &Size) {
    // The kernel counts in ticks of a few milliseconds: a turn is long against one.
    let measured = |what: &mut dyn FnMut()| {
        let (before, started, mut count) = (on_processor(), Instant::now(), 0_u32);
        while started.elapsed() < size.turn {
            (0..20).for_each(|_| what());
            count += 20;
        }
        (on_processor() - before).as_secs_f64() * 1e6 / f64::from(count)
    };
    let mut turns: Vec<(f64, f64)> = (0..size.turns).map(|_| (measured(ours), measured(theirs) * scale)).collect();
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
