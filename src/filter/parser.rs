//! From tokens to a filter, by recursive descent that counts its depth.
//!
//! Precedence (RFC 7644 §3.4.2.2): grouping, then `not`, then `and`, then `or`.

use super::{
    AttributePath, Dialect, Filter, FilterError, MAX_DEPTH, MAX_TERMS, Node, Span,
    lexer::{Token, TokenKind, describe, tokens},
};

/// Reads a filter.
pub fn parse(text: &str, dialect: Dialect) -> Result<Filter, FilterError> {
    let read = || {
        let mut parser = Parser::new(text, dialect)?;
        let filter = parser.any_of()?;
        parser.end("“and”, “or” or the end (a value with spaces needs double quotes)")?;
        Ok(filter)
    };
    read().map_err(|error: FilterError| error.located_in(text))
}

/// The text, its tokens and how far they have been read.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) dialect: Dialect,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    terms: usize,
    /// Whether the reader is between brackets, where another pair may not open.
    pub(super) in_brackets: bool,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, dialect: Dialect) -> Result<Self, FilterError> {
        let tokens = tokens(text, dialect)?;
        Ok(Self { text, dialect, tokens, next: 0, depth: 0, terms: 0, in_brackets: false })
    }

    /// The next token, left where it is. After the last one it is the end again and again.
    pub(super) fn peek(&self) -> Token {
        self.tokens.get(self.next).cloned().unwrap_or_else(|| {
            let end = self.text.len();
            Token { kind: TokenKind::End, span: Span::new(end, end) }
        })
    }

    /// The next token.
    pub(super) fn take(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn take_if(&mut self, kind: &TokenKind) -> Option<Token> {
        (self.peek().kind == *kind).then(|| self.take())
    }

    /// The end of the last token that was taken.
    pub(super) fn taken_to(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    /// Takes the next token if it is this word, in any letter case.
    fn take_word(&mut self, word: &str) -> Option<Token> {
        let token = self.peek();
        let is_it = token.kind == TokenKind::Word && token.span.of(self.text).eq_ignore_ascii_case(word);
        is_it.then(|| self.take())
    }

    /// The text must be at its end.
    pub(super) fn end(&self, expected: &str) -> Result<(), FilterError> {
        match self.peek() {
            Token { kind: TokenKind::End, .. } => Ok(()),
            token => Err(self.unexpected(&token, expected)),
        }
    }

    pub(super) fn unexpected(&self, token: &Token, expected: &str) -> FilterError {
        FilterError::new(token.span, format!("{} does not belong here", describe(token, self.text)), expected)
    }

    /// Takes the token that closes `open`.
    pub(super) fn close(&mut self, open: &Token, kind: &TokenKind, sign: &str) -> Result<(), FilterError> {
        if self.take_if(kind).is_some() {
            return Ok(());
        }
        let token = self.peek();
        if token.kind == TokenKind::End {
            let message = format!("{} is never closed", describe(open, self.text));
            return Err(FilterError::new(open.span, message, format!("“{sign}” before the end")));
        }
        Err(self.unexpected(&token, &format!("“and”, “or” or “{sign}” (a value with spaces needs double quotes)")))
    }

    /// Runs `read` one level deeper, if the limit allows.
    pub(super) fn deeper<T>(
        &mut self,
        at: Span,
        read: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth == MAX_DEPTH {
            let message = "the filter is nested too deeply";
            return Err(FilterError::new(at, message, format!("at most {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Counts a condition.
    pub(super) fn count(&mut self, at: Span) -> Result<(), FilterError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let expected = format!("at most {MAX_TERMS}");
            return Err(FilterError::new(at, "the filter has too many conditions", expected));
        }
        Ok(())
    }

    /// `a or b or c`.
    pub(super) fn any_of(&mut self) -> Result<Filter, FilterError> {
        self.chain("or", Self::all_of, Node::Or)
    }

    /// `a and b and c`.
    fn all_of(&mut self) -> Result<Filter, FilterError> {
        self.chain("and", Self::factor, Node::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter, FilterError>,
        join: fn(Vec<Filter>) -> Node,
    ) -> Result<Filter, FilterError> {
        let start = self.peek().span.start;
        let first = part(self)?;
        let mut parts = Vec::new();
        while self.take_word(word).is_some() {
            parts.push(part(self)?);
        }
        if parts.is_empty() {
            return Ok(first);
        }
        parts.insert(0, first);
        // The parentheses of the outer parts belong to the whole.
        Ok(Filter { node: join(parts), span: Span::new(start, self.taken_to()) })
    }

    /// `( … )`, `not ( … )` or one condition.
    fn factor(&mut self) -> Result<Filter, FilterError> {
        if let Some(open) = self.take_if(&TokenKind::Open) {
            return self.group(&open);
        }
        let Some(not) = self.take_word("not") else {
            return self.condition();
        };
        let inner = match (self.take_if(&TokenKind::Open), self.dialect) {
            (Some(open), _) => self.group(&open)?,
            (None, Dialect::Tolerant) => self.deeper(not.span, Self::factor)?,
            (None, Dialect::Strict) => {
                return Err(self.unexpected(&self.peek(), "“(” after “not”"));
            }
        };
        Ok(Filter { node: Node::Not(Box::new(inner)), span: Span::new(not.span.start, self.taken_to()) })
    }

    fn group(&mut self, open: &Token) -> Result<Filter, FilterError> {
        let inner = self.deeper(open.span, Self::any_of)?;
        self.close(open, &TokenKind::Close, ")")?;
        Ok(inner)
    }

    /// The name of an attribute.
    pub(super) fn attribute(&mut self) -> Result<(AttributePath, Span), FilterError> {
        let expected = "a condition like userName eq \"ada\"";
        let token = self.take();
        let keyword = ["and", "or", "not"].iter().any(|word| word.eq_ignore_ascii_case(token.span.of(self.text)));
        match token.kind {
            TokenKind::Word if !keyword => {
                AttributePath::from_word(token.span.of(self.text), token.span).map(|path| (path, token.span))
            }
            TokenKind::End if self.text.trim().is_empty() => {
                Err(FilterError::new(token.span, "the text is empty", expected))
            }
            TokenKind::End => Err(FilterError::new(token.span, "the text stops here", expected)),
            TokenKind::Word
            | TokenKind::Quoted(_)
            | TokenKind::Open
            | TokenKind::Close
            | TokenKind::OpenBracket
            | TokenKind::CloseBracket => Err(self.unexpected(&token, expected)),
        }
    }
}
