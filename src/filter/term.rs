//! Reading one condition: a comparison, a presence test, or brackets.

use super::{
    AttributePath, Dialect, Filter, FilterError, Literal, Node, Operator, Span, lexer::TokenKind, literal,
    parser::Parser,
};

/// What follows an attribute: `pr`, or an operator with its value.
enum Test {
    Present,
    Compare(Operator, Literal),
}

impl Test {
    fn of(self, path: AttributePath) -> Node {
        match self {
            Self::Present => Node::Present(path),
            Self::Compare(operator, value) => Node::Compare { path, operator, value },
        }
    }

    /// The opposite test, if this one is an opposite itself: `ne` is `not eq`, and `eq null` is `not pr`.
    fn negated(&self) -> Option<Self> {
        match self {
            Self::Compare(Operator::Equal, Literal::Null) => Some(Self::Present),
            Self::Compare(Operator::NotEqual, value) if *value != Literal::Null => {
                Some(Self::Compare(Operator::Equal, value.clone()))
            }
            Self::Compare(..) | Self::Present => None,
        }
    }
}

impl Parser<'_> {
    /// One condition.
    pub(super) fn condition(&mut self) -> Result<Filter, FilterError> {
        let (path, span) = self.attribute()?;
        if self.in_brackets && (path.schema.is_some() || path.sub.is_some()) {
            let message = format!("“{path}” is more than a sub-attribute");
            return Err(FilterError::new(
                span,
                message,
                "the sub-attribute alone between brackets, like type or value",
            ));
        }
        if self.peek().kind == TokenKind::OpenBracket {
            let filter = self.brackets(&path, span)?;
            return self.element(path, filter, span.start);
        }
        let test = self.test(span)?;
        Ok(Filter { node: test.of(path), span: Span::new(span.start, self.taken_to()) })
    }

    fn test(&mut self, at: Span) -> Result<Test, FilterError> {
        self.count(at)?;
        let token = self.take();
        if token.kind == TokenKind::Word && token.span.of(self.text).eq_ignore_ascii_case("pr") {
            return Ok(Test::Present);
        }
        let operator = literal::operator(&token, self.text)?;
        let value = literal::value(&self.take(), self.text, operator, self.dialect)?;
        Ok(Test::Compare(operator, value))
    }

    /// `[ … ]` after an attribute.
    pub(super) fn brackets(&mut self, path: &AttributePath, span: Span) -> Result<Filter, FilterError> {
        let open = self.take();
        if self.in_brackets {
            return Err(FilterError::new(open.span, "brackets do not nest", "a comparison"));
        }
        if path.sub.is_some() || path.is_schema() {
            let message = format!("“{path}” has no values to choose from");
            return Err(FilterError::new(span, message, "an attribute without sub-attribute before “[”"));
        }
        self.in_brackets = true;
        let filter = self.deeper(open.span, Self::any_of);
        self.in_brackets = false;
        let filter = filter?;
        self.close(&open, &TokenKind::CloseBracket, "]")?;
        Ok(filter)
    }

    /// The `.value` after brackets.
    pub(super) fn sub_after_brackets(&mut self) -> Result<Option<(String, Span)>, FilterError> {
        let token = self.peek();
        let word = token.span.of(self.text);
        let Some(sub) = word.strip_prefix('.').filter(|_| token.kind == TokenKind::Word) else {
            return Ok(None);
        };
        if !super::attribute::is_name(sub) {
            return Err(self.unexpected(&token, "a sub-attribute like .value"));
        }
        self.take();
        Ok(Some((sub.to_owned(), Span::new(token.span.start + 1, token.span.end))))
    }

    /// `emails[…]`, or the tolerant `emails[…].value eq "x"`, which asks the chosen value for one thing more.
    fn element(&mut self, path: AttributePath, filter: Filter, start: usize) -> Result<Filter, FilterError> {
        let place = self.peek();
        let Some((sub, at)) = self.sub_after_brackets()? else {
            let node = Node::Element { path, filter: Box::new(filter) };
            return Ok(Filter { node, span: Span::new(start, self.taken_to()) });
        };
        match self.dialect {
            Dialect::Tolerant => {}
            Dialect::Strict => {
                let expected = "“]” followed by “and”, “or” or the end; ask for it between the brackets";
                return Err(self.unexpected(&place, expected));
            }
        }
        let test = self.test(at)?;
        let last = Span::new(at.start, self.taken_to());
        let whole = Span::new(start, last.end);
        let negated = test.negated();
        let is_negated = negated.is_some();
        let more = Filter { node: negated.unwrap_or(test).of(AttributePath::new(sub)), span: last };
        let inner_span = filter.span.to(last);
        let parts = match filter.node {
            Node::And(mut parts) => {
                parts.push(more);
                parts
            }
            node => vec![Filter { node, span: filter.span }, more],
        };
        let inner = Filter { node: Node::And(parts), span: inner_span };
        let element = Filter { node: Node::Element { path, filter: Box::new(inner) }, span: whole };
        if is_negated {
            return Ok(Filter { node: Node::Not(Box::new(element)), span: whole });
        }
        Ok(element)
    }
}
