//! Reading the operator and the right side of a comparison.

use super::{
    Dialect, FilterError, Literal, Operator, Span,
    lexer::{Token, TokenKind, describe},
};
use serde_json::Number;

/// Reads an operator, and knows what people write who come from other languages.
pub(super) fn operator(token: &Token, text: &str) -> Result<Operator, FilterError> {
    let every = "an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr";
    let word = match token.kind {
        TokenKind::Word => token.span.of(text),
        TokenKind::End => return Err(FilterError::new(token.span, "the condition stops here", every)),
        TokenKind::Open
        | TokenKind::Close
        | TokenKind::OpenBracket
        | TokenKind::CloseBracket
        | TokenKind::Quoted(_) => {
            return Err(FilterError::new(token.span, format!("{} is not an operator", describe(token, text)), every));
        }
    };
    if let Some(operator) = Operator::from_word(word) {
        return Ok(operator);
    }
    let meant = match word.to_ascii_lowercase().as_str() {
        "=" | "==" | "===" | "is" | "equals" | "equal" => Some("eq"),
        "!=" | "<>" | "isnot" | "neq" => Some("ne"),
        "contains" | "like" | "includes" | "in" => Some("co"),
        "startswith" | "starts" | "prefix" => Some("sw"),
        "endswith" | "ends" | "suffix" => Some("ew"),
        "exists" | "present" => Some("pr"),
        ">" => Some("gt"),
        ">=" => Some("ge"),
        "<" => Some("lt"),
        "<=" => Some("le"),
        _ => None,
    };
    let expected = meant.map_or_else(|| every.to_owned(), |meant| format!("the operator {meant}"));
    Err(FilterError::new(token.span, format!("{} is not an operator", describe(token, text)), expected))
}

/// Reads the value after an operator.
pub(super) fn value(token: &Token, text: &str, operator: Operator, dialect: Dialect) -> Result<Literal, FilterError> {
    let expected = "a value in double quotes, a number, true, false or null";
    let refuse = |message: String| Err(FilterError::new(token.span, message, expected));
    let literal = match &token.kind {
        TokenKind::Quoted(value) => Literal::Text(value.clone()),
        TokenKind::Word => match (bare(token.span.of(text), operator, dialect), dialect) {
            (Some(literal), _) => literal,
            (None, Dialect::Strict) => return refuse(format!("{} is not in double quotes", describe(token, text))),
            (None, Dialect::Tolerant) => unquoted(token, text)?,
        },
        TokenKind::End => return refuse("the value is missing".to_owned()),
        TokenKind::Open | TokenKind::Close | TokenKind::OpenBracket | TokenKind::CloseBracket => {
            return refuse(format!("{} is not a value", describe(token, text)));
        }
    };
    comparable(operator, &literal, token.span)?;
    Ok(literal)
}

/// A word that is a JSON literal. Clients send `True` as well; after co, sw and ew a tolerant reader takes it for text.
fn bare(word: &str, operator: Operator, dialect: Dialect) -> Option<Literal> {
    let textual = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    let plain = match dialect {
        Dialect::Strict => word.to_owned(),
        Dialect::Tolerant => word.to_ascii_lowercase(),
    };
    let literal = match plain.as_str() {
        "true" => Literal::Boolean(true),
        "false" => Literal::Boolean(false),
        "null" => Literal::Null,
        _ => Literal::Number(number(word)?),
    };
    match (dialect, &literal) {
        (Dialect::Tolerant, Literal::Boolean(_) | Literal::Null) if textual => Some(Literal::Text(word.to_owned())),
        (Dialect::Tolerant | Dialect::Strict, _) => Some(literal),
    }
}

/// A JSON number. Fractions are read again by the standard library: `serde_json` may miss the last bit, and a number
/// must print as it was read.
pub(super) fn number(word: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(word).ok()?;
    if number.is_f64() { Number::from_f64(word.trim().parse().ok()?) } else { Some(number) }
}

/// A bare word as a string, as one provider's own documentation sends them.
fn unquoted(token: &Token, text: &str) -> Result<Literal, FilterError> {
    let word = token.span.of(text);
    if word.starts_with(['\'', '“', '”', '‘', '’', '«', '`']) {
        let message = format!("{} is not in straight double quotes", describe(token, text));
        return Err(FilterError::new(token.span, message, r#"quotes like "this""#));
    }
    let keyword = ["and", "or", "not"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word));
    if keyword {
        let message = format!("the value before {} is missing", describe(token, text));
        return Err(FilterError::new(token.span, message, "a value (put double quotes round it if this is the value)"));
    }
    Ok(Literal::Text(word.to_owned()))
}

/// RFC 7644 §3.4.2.2: booleans have no order (`invalidFilter`), and neither they nor null have a text to search in.
fn comparable(operator: Operator, literal: &Literal, span: Span) -> Result<(), FilterError> {
    let what = match literal {
        Literal::Null => "null",
        Literal::Boolean(_) => "true and false",
        Literal::Number(_) | Literal::Text(_) => return Ok(()),
    };
    match operator {
        Operator::Equal | Operator::NotEqual => Ok(()),
        Operator::Contains
        | Operator::StartsWith
        | Operator::EndsWith
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual => Err(FilterError::new(
            span,
            format!("{what} cannot be compared with {}", operator.word()),
            "eq or ne before it, or a string or a number here",
        )),
    }
}
