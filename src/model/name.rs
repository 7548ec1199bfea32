//! How names are compared: one way everywhere.

use unicode_normalization::UnicodeNormalization;

/// The form in which two names are the same name: NFC, then case folded, then NFC again (folding can denormalise).
///
/// Folded columns in the store are computed here and not by the database, whose idea of a letter depends on its locale.
#[must_use]
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let composed: String = name.nfc().collect();
    caseless::default_case_fold_str(&composed).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn names_that_look_alike_are_alike() {
        assert_eq!(fold("Ada@Example.COM"), fold("ada@example.com"));
        assert_eq!(fold("A\u{30a}ngstro\u{308}m"), fold("ångström"));
        assert_eq!(fold("STRASSE"), fold("straße"));
    }

    #[test]
    fn names_that_differ_stay_apart() {
        assert_ne!(fold("k8s-prod"), fold("k8s-prod "));
        assert_ne!(fold("owner"), fold("оwner"), "the second begins with a Cyrillic letter");
    }
}
