//! What must not get into the log: texts that look like somebody's credential, wherever they were put by mistake.

use crate::crypto::TokenKind;

/// The longest message.
const LONGEST: usize = 500;
const HIDDEN: &str = "[hidden]";

/// The text without what looks like a credential: a token of ours, a JWT, and any word so long that no name is it.
pub(in crate::app) fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '=' | '+' | '/');
        if is_word(first) {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            shown.push_str(if is_secret(word) { HIDDEN } else { word });
            rest = behind;
        } else {
            shown.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        if shown.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| shown.is_char_boundary(*end)).unwrap_or_default();
            shown.truncate(end);
            shown.push('…');
            break;
        }
    }
    shown
}

fn is_secret(word: &str) -> bool {
    let jwt = word.starts_with("eyJ") && word.matches('.').count() >= 2;
    let ours = TokenKind::ALL.iter().any(|kind| word.contains(kind.prefix()));
    jwt || ours || word.split(['/', '=', '.']).any(is_random)
}

/// Long, and of all kinds of letters: a code or a key of somebody else's. Our ids and UUIDs have one case.
fn is_random(part: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| part.as_bytes().iter().any(kind);
    part.len() >= 32 && has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_wherever_they_stand_and_the_rest_stays() {
        assert_eq!(text("There is no User “cgs_abc123” here."), "There is no User “[hidden]” here.");
        assert_eq!(text("x=cgk_1 eyJhbGciOi.eyJzdWIi.c2ln, ok"), "[hidden] [hidden], ok");
        assert_eq!(text("no QxUc4jrLfgcQYNCKkzKlseP235-h7XVaZhXHlW4HAj6!"), "no [hidden]!");
        assert_eq!(text("“userName” is required: usr_06h."), "“userName” is required: usr_06h.");
        assert_eq!(text(&"ä ".repeat(600)).chars().last(), Some('…'));
    }
}
