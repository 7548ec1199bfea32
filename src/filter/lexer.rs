//! From text to tokens.

use super::{Dialect, FilterError, MAX_LENGTH, Span};

/// What a token is. Operators, names, numbers and keywords are all words; the parser knows which it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// A run of characters without white space, parentheses, brackets or quotes.
    Word,
    /// A JSON string, unescaped.
    Quoted(String),
    /// The end of the text.
    End,
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Splits a text into tokens; the last is [`TokenKind::End`].
pub(super) fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token>, FilterError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the text is {} bytes long", text.len());
        return Err(FilterError::new(Span::new(0, text.len()), message, format!("at most {MAX_LENGTH} bytes")));
    }
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let (kind, length) = match first {
            '(' => (TokenKind::Open, 1),
            ')' => (TokenKind::Close, 1),
            '[' => (TokenKind::OpenBracket, 1),
            ']' => (TokenKind::CloseBracket, 1),
            '"' => quoted(rest, at)?,
            space if space.is_whitespace() => {
                at += space.len_utf8();
                continue;
            }
            _ => (TokenKind::Word, rest.find(ends_word).unwrap_or(rest.len())),
        };
        let span = Span::new(at, at + length);
        at = span.end;
        found.push(Token { kind, span });
    }
    found.push(Token { kind: TokenKind::End, span: Span::new(text.len(), text.len()) });
    match dialect {
        Dialect::Tolerant => {}
        Dialect::Strict => strict_spacing(text, &found)?,
    }
    Ok(found)
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '[' | ']' | '"')
}

/// RFC 7644 §3.4.2.2: string values are JSON strings. `rest` begins with the opening quote, at byte `at` of the text.
fn quoted(rest: &str, at: usize) -> Result<(TokenKind, usize), FilterError> {
    let mut escaped = false;
    let close = rest.char_indices().skip(1).find(|(_, character)| match character {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' => {
            escaped = true;
            false
        }
        character => *character == '"',
    });
    let Some((close, _)) = close else {
        let span = Span::new(at, at + rest.len());
        return Err(FilterError::new(span, "this string has no end", "a closing double quote"));
    };
    let raw = rest.get(..=close).unwrap_or(rest);
    match serde_json::from_str::<String>(raw) {
        Ok(value) => Ok((TokenKind::Quoted(value), raw.len())),
        Err(_) => Err(FilterError::new(
            Span::new(at, at + raw.len()),
            format!("{raw} is not a JSON string"),
            r#"escapes like \" and \\ (a backslash is written twice) and no control characters"#,
        )),
    }
}

/// The ABNF has one space between words, and none at the ends and inside parentheses.
fn strict_spacing(text: &str, tokens: &[Token]) -> Result<(), FilterError> {
    let start = Token { kind: TokenKind::Open, span: Span::new(0, 0) };
    for (left, right) in std::iter::once(&start).chain(tokens).zip(tokens) {
        let gap = Span::new(left.span.end, right.span.start);
        let between = gap.of(text);
        let allowed: &[&str] = match (&left.kind, &right.kind) {
            (TokenKind::Open | TokenKind::OpenBracket, _)
            | (_, TokenKind::Close | TokenKind::CloseBracket | TokenKind::OpenBracket | TokenKind::End) => &[""],
            // The ABNF has `not(`, the RFC's own examples `not (`.
            (TokenKind::Word, TokenKind::Open) if left.span.of(text).eq_ignore_ascii_case("not") => &["", " "],
            (TokenKind::CloseBracket, TokenKind::Word) if right.span.of(text).starts_with('.') => &[""],
            (_, _) => &[" "],
        };
        if !allowed.contains(&between) {
            let found = if between.is_empty() { "there is no space" } else { "the white space does not belong" };
            let wanted = if allowed.contains(&" ") { "one space" } else { "no space" };
            let message = format!("{found} before {}", describe(right, text));
            return Err(FilterError::new(Span::new(gap.start, right.span.end), message, wanted));
        }
    }
    Ok(())
}

/// A token as a message speaks of it.
pub(super) fn describe(token: &Token, text: &str) -> String {
    match token.kind {
        TokenKind::End => "the end".to_owned(),
        TokenKind::Open
        | TokenKind::Close
        | TokenKind::OpenBracket
        | TokenKind::CloseBracket
        | TokenKind::Word
        | TokenKind::Quoted(_) => {
            let raw = token.span.of(text);
            let short: String = raw.chars().take(40).collect();
            if short.len() < raw.len() { format!("“{short}…”") } else { format!("“{short}”") }
        }
    }
}
