//! samael judges what we accept: within its profile it accepts it too, with the same name. `tests/run` builds with it.

use crate::{attacks, benign};
use castgate::sso::saml::SecondOpinion;
use std::collections::BTreeSet;

/// What lies outside of its profile, by the beginning of the case's name: it refuses them.
const BEYOND_SAMAEL: &[&str] = &[
    // RSA-PSS is on no list of its allowed algorithms.
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    // Its schema knows no elements in a value.
    "a value that is a NameID",
    // Our private keys are not given to it; a signature inside of what is encrypted it does not look at in any case.
    "AES-",
    "OAEP with SHA-256",
    "signed inside and outside",
    "namespaces from outside",
    "an encrypted NameID",
];

#[test]
fn what_is_accepted_samael_accepts_with_the_same_name_unless_it_lies_outside_of_its_profile() {
    let benign = benign::all();
    let (mut wrong, mut met, mut agreed) = (Vec::new(), BTreeSet::<&str>::new(), 0);
    for one in &benign {
        let ours = one.setting.verify(&one.field).unwrap();
        let outcome = one.setting.expecting(SecondOpinion::on).agrees(&one.field, &ours);
        let beyond = BEYOND_SAMAEL.iter().copied().find(|name| one.name.starts_with(name));
        met.extend(beyond);
        match (outcome, beyond) {
            (Ok(()), None) => agreed += 1,
            (Err(_), Some(_)) => {}
            (Ok(()), Some(_)) => wrong.push(format!("{}: is not outside", one.name)),
            (Err(why), None) => wrong.push(format!("{}: {why}", one.name)),
        }
    }
    println!("samael agrees with {agreed} of {}", benign.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), benign.len(), wrong.join("\n"));
    assert!(agreed >= 40, "{agreed}");
    assert_eq!(met.len(), BEYOND_SAMAEL.len(), "there is no such case: {BEYOND_SAMAEL:?} {met:?}");
}

/// It would not save us either: no forged name, of those that it is given alone, is one that we would take from it.
#[test]
fn a_name_that_we_did_not_read_is_never_agreed_to() {
    let ours = benign::all().remove(0);
    let mut signed_in = ours.setting.verify(&ours.field).unwrap();
    signed_in.name_id.value = "somebody@else.example".to_owned();
    let why = ours.setting.expecting(SecondOpinion::on).agrees(&ours.field, &signed_in).unwrap_err();
    assert_eq!(why.code(), "second_opinion", "{why}");
    let altered = attacks::ALL.iter().filter(|one| {
        one.setting
            .verify(&one.field)
            .is_err_and(|fault| ["wrong_certificate", "altered"].contains(&fault.code().as_str()))
    });
    let mut seen = 0;
    for one in altered {
        seen += 1;
        assert!(one.setting.expecting(SecondOpinion::on).agrees(&one.field, &signed_in).is_err(), "{}", one.name);
    }
    assert!(seen > 10, "{seen}");
}
