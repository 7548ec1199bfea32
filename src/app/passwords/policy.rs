//! What a password must not be. Length counts; what kinds of letters it has does not (NIST SP 800-63B §3.1.1.2).

use crate::{crypto::LONGEST_PASSWORD, model::fold};
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

/// What leaked most often, without what is too short to count.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common.txt").lines().filter(|line| !line.starts_with("# ")).collect());

/// Letters of a name that make a password guessable which holds it. Shorter ones stand in many words.
const TELLING: usize = 4;
/// Fewer different letters than this are a pattern.
const FEWEST_LETTERS: usize = 5;
/// Of so many letters in a row of the alphabet or the keyboard, most of a password may not be.
const ROW: usize = 5;
const ROWS: [&str; 6] =
    ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop"];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::app) enum Unfit {
    #[error("it is too short: take at least {0} characters; several words are easy to remember")]
    Short(usize),
    #[error("it is too long: take at most {LONGEST_PASSWORD} bytes")]
    Long,
    #[error("it is one that many people use, so it is guessed first; take several words that nobody would expect")]
    Common,
    #[error("it holds your e-mail address or your name there, which is guessed first")]
    Yours,
    #[error("it holds your organization's name, which is guessed first")]
    TheOrganizations,
}

/// What is guessed first about somebody.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct Known<'a> {
    pub(in crate::app) email: &'a str,
    pub(in crate::app) name: &'a str,
    pub(in crate::app) organization: &'a str,
    pub(in crate::app) slug: &'a str,
}

/// Whether a password may be chosen.
pub(in crate::app) fn judge(password: &str, fewest: usize, known: Known<'_>) -> Result<(), Unfit> {
    if password.len() > LONGEST_PASSWORD {
        return Err(Unfit::Long);
    }
    let normal: String = password.nfkc().collect();
    if normal.chars().count() < fewest {
        return Err(Unfit::Short(fewest));
    }
    let folded = fold(&normal);
    if is_common(&folded) {
        return Err(Unfit::Common);
    }
    let (local, domain) = known.email.rsplit_once('@').unwrap_or((known.email, ""));
    let label = domain.split('.').next().unwrap_or_default();
    // The address whole, its name, each word of it, and the company's domain.
    let own = [known.email, local, label, known.name].into_iter().chain(local.split(['.', '-', '_', '+']));
    if own.chain(known.name.split_whitespace()).any(|name| holds(&folded, name)) {
        return Err(Unfit::Yours);
    }
    let theirs = [known.organization, known.slug].into_iter().chain(known.organization.split_whitespace());
    if theirs.into_iter().any(|name| holds(&folded, name)) {
        return Err(Unfit::TheOrganizations);
    }
    Ok(())
}

/// Whether little more than a name makes the password: somebody's, with a number behind it.
fn holds(folded: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let (name, password) = (letters(&fold(name)), letters(folded));
    name.chars().count() >= TELLING && password.contains(&name)
}

fn is_common(folded: &str) -> bool {
    let different: HashSet<char> = folded.chars().collect();
    if different.len() < FEWEST_LETTERS || is_a_row(folded) {
        return true;
    }
    let bare = folded.trim_matches(|letter: char| !letter.is_alphabetic());
    let whole: String = folded.chars().filter(|letter| letter.is_alphanumeric()).collect();
    [folded, bare, whole.as_str()].into_iter().any(|form| {
        let plain = unmasked(form);
        [form, plain.as_str()].into_iter().any(|form| is_listed(form) || repeated(form).is_some_and(is_listed))
    })
}

fn is_listed(text: &str) -> bool {
    COMMON.contains(text)
}

/// The text that this one is again and again.
fn repeated(text: &str) -> Option<&str> {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    ends.filter(|end| text.len().is_multiple_of(*end)).find_map(|end| {
        let unit = text.get(..end)?;
        (text == unit.repeat(text.len() / end)).then_some(unit)
    })
}

/// Letters that people put in the place of others.
fn unmasked(text: &str) -> String {
    let letter = |letter| match letter {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether most of the letters follow one another in the alphabet or on the keyboard, forwards or backwards.
fn is_a_row(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let is_run = |part: &[char]| {
        let forwards: String = part.iter().collect();
        let backwards: String = part.iter().rev().collect();
        ROWS.iter().any(|row| row.contains(&forwards) || row.contains(&backwards))
    };
    let mut covered = vec![false; letters.len()];
    for (at, part) in letters.windows(ROW).enumerate() {
        if is_run(part) {
            covered.iter_mut().skip(at).take(ROW).for_each(|letter| *letter = true);
        }
    }
    // Three of four.
    covered.iter().filter(|letter| **letter).count() * 4 >= letters.len() * 3 && !letters.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), Unfit> {
        let known = Known {
            email: "grace.hopper@navy-yard.test",
            name: "Grace Hopper",
            organization: "Acme Rockets",
            slug: "acme",
        };
        judge(password, 12, known)
    }

    #[test]
    fn length_counts_and_the_kinds_of_letters_do_not() {
        for fine in ["violet tractor noon", "mhqzkvwlpxtd", "сонная лошадь бежит", "𝔳𝔦𝔬𝔩𝔢𝔱 𝔱𝔯𝔞𝔠𝔱𝔬𝔯", "7391846205 57"]
        {
            assert_eq!(judged(fine), Ok(()), "{fine}");
        }
        assert_eq!(judged("Tr0ub4dor&3"), Err(Unfit::Short(12)));
        // Eleven letters, of more than twelve bytes.
        assert_eq!(judged("ёжикипчелкг"), Err(Unfit::Short(12)));
        let long = "a violet tractor ".repeat(61);
        assert_eq!(judged(long.get(..1025).unwrap()), Err(Unfit::Long));
        assert_eq!(judged(long.get(..1024).unwrap()), Ok(()));
    }

    #[test]
    fn what_leaked_often_is_refused_however_it_is_dressed_up() {
        for bad in [
            "passwordpassword",
            "Password12345",
            "P@ssw0rd!!!!!",
            "123456789012",
            "qwertyuiop[]",
            "abcdefghijklm",
            "aaaaaaaaaaaaaaaa",
            "abababababab",
            "dragondragondragon",
            "!!!!iloveyou2024",
            "zxcvbnm,./12345",
            "098765432109",
        ] {
            assert_eq!(judged(bad), Err(Unfit::Common), "{bad}");
        }
    }

    #[test]
    fn what_is_guessed_first_of_a_person_is_refused() {
        for bad in ["grace.hopper@navy-yard.test", "hopper-1906-rocks", "I am GRACE, truly", "navyyard forever!!"] {
            assert_eq!(judged(bad), Err(Unfit::Yours), "{bad}");
        }
        for bad in ["acme till i drop", "Rockets are loud", "ACMEROCKETS 2026"] {
            assert_eq!(judged(bad), Err(Unfit::TheOrganizations), "{bad}");
        }
    }

    #[test]
    fn the_list_is_there_and_as_it_is_compared() {
        assert!(COMMON.len() > 20_000, "{}", COMMON.len());
        let odd: Vec<_> = COMMON.iter().filter(|line| fold(line) != **line).take(5).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}
