use super::*;

const NOW: Instant = Instant(7);

fn cluster(number: u128, slug: &str, external: Option<&str>) -> Cluster {
    Cluster {
        id: ClusterId::from_uuid(uuid::Uuid::from_u128(number)),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        external_id: external.map(str::to_owned),
        gone_since: None,
        name_there: None,
    }
}

fn listed(id: &str, name: &str) -> Listed {
    Listed { id: id.to_owned(), name: name.to_owned() }
}

/// What it comes to, in a few words each.
fn said(known: &[Cluster], there: &[Listed]) -> Vec<String> {
    let mut number = 100;
    let came = matched(known, there, NOW, || {
        number += 1;
        ClusterId::from_uuid(uuid::Uuid::from_u128(number))
    });
    let changes = came.changes.iter().map(|change| {
        let Cluster { slug, name, external_id, .. } = &change.after;
        format!("{:?} {slug} “{name}” {}", change.what, external_id.as_deref().unwrap_or("-"))
    });
    let undecided = came.undecided.iter().map(|one| format!("undecided {} {}: {}", one.external_id, one.name, one.why));
    changes.chain(undecided).collect()
}

#[test]
fn an_id_is_the_same_cluster_whatever_it_is_called() {
    assert_eq!(said(&[], &[listed("1", "Prod EU")]), ["New prod-eu “Prod EU” 1"]);
    let mut known = cluster(1, "prod", Some("1"));
    (known.name, known.name_there) = ("Prod EU".to_owned(), Some("Prod EU".to_owned()));
    assert_eq!(said(std::slice::from_ref(&known), &[listed("1", "Prod EU")]), [""; 0]);
    assert_eq!(said(std::slice::from_ref(&known), &[listed("1", "Live")]), ["Changed prod “Live” 1"]);
    assert_eq!(said(std::slice::from_ref(&known), &[]), ["Gone prod “Prod EU” 1"]);
    known.gone_since = Some(Instant(3));
    assert_eq!(said(std::slice::from_ref(&known), &[]), [""; 0], "since when is not forgotten");
    assert_eq!(said(std::slice::from_ref(&known), &[listed("1", "Prod EU")]), ["Back prod “Prod EU” 1"]);
    // A name that somebody gave it here stays.
    (known.gone_since, known.name) = (None, "Ours".to_owned());
    assert_eq!(said(std::slice::from_ref(&known), &[listed("1", "Live")]), ["Changed prod “Ours” 1"]);
}

#[test]
fn a_declared_cluster_is_adopted_where_nothing_else_can_be_meant() {
    let known = [cluster(1, "prod-eu", None), cluster(2, "staging", None)];
    assert_eq!(said(&known, &[listed("1", "PROD_EU")]), ["Adopted prod-eu “prod-eu” 1"]);
    // Two there.
    let two = said(&known, &[listed("1", "prod-eu"), listed("2", "Prod EU")]);
    assert!(two.len() == 2 && two.iter().all(|one| one.starts_with("undecided")), "{two:?}");
    // Two here: one by its short name, one by its name.
    let mut other = cluster(3, "eins", None);
    other.name = "Staging".to_owned();
    let two = said(&[known[1].clone(), other.clone()], &[listed("1", "staging")]);
    assert!(two.len() == 1 && two[0].contains("“staging” and “eins” could be it"), "{two:?}");
    // One here, which two of different names fit.
    other.name = "Zwei".to_owned();
    let two = said(&[other], &[listed("1", "eins"), listed("2", "zwei")]);
    assert!(two.len() == 2 && two.iter().all(|one| one.contains("could be “eins” as well")), "{two:?}");
}

#[test]
fn a_name_alone_hands_nothing_to_another_cluster() {
    let mut known = cluster(1, "prod", Some("1"));
    let again = [listed("2", "prod")];
    let both = said(std::slice::from_ref(&known), &[listed("1", "prod"), listed("2", "prod")]);
    assert!(
        both.iter().any(|one| one.contains("undecided 2 prod: the short name “prod” is that of another")),
        "{both:?}"
    );
    let made_again = said(std::slice::from_ref(&known), &again);
    assert!(made_again[0].starts_with("Gone prod") && made_again[1].starts_with("undecided 2"), "{made_again:?}");
    known.gone_since = Some(Instant(1));
    let later = said(&[known], &again);
    assert!(later.len() == 1 && later[0].contains("lists no longer"), "{later:?}");
    let wordless = said(&[], &[listed("1", "产品"), listed("2", "42")]);
    assert!(wordless.iter().all(|one| one.contains("no short name can be made")), "{wordless:?}");
}

#[test]
fn a_short_name_has_letters_digits_and_single_hyphens() {
    for (name, slug) in [("Prod  EU (1)", "prod-eu-1"), ("--a--b--", "a-b"), ("Ünix", "nix")] {
        assert_eq!(slug_of(name).as_deref(), Some(slug));
    }
    let long = slug_of(&"ab ".repeat(60)).unwrap();
    assert!(long.len() <= LONGEST_SLUG && !long.ends_with('-'), "{long}");
}
