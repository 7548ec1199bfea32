//! What a server is held to: each rule with its reason, in words for whoever runs that server.

/// How bad it is to break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The RFC forbids it, or a provider's pushes fail or do harm.
    Fault,
    /// It works, and could be better.
    Advice,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A paragraph of an RFC.
    Rfc(&'static str),
    /// What a provider really does.
    Habit(&'static str),
}

/// One thing that a server is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// Its name; scripts may rest on it.
    pub(super) name: &'static str,
    /// How bad it is to break it.
    pub(super) level: Level,
    /// Who says so.
    pub(super) source: Source,
    /// What is expected, as a sentence.
    pub(super) wants: &'static str,
    /// Whom it hurts.
    pub(super) matters: &'static str,
    /// What to do.
    pub(super) remedy: &'static str,
}

impl Rule {
    /// A rule of an RFC, such as `7644 §3.4.2.2`.
    pub(super) const fn rfc(
        name: &'static str,
        paragraph: &'static str,
        wants: &'static str,
        matters: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self { name, level: Level::Fault, source: Source::Rfc(paragraph), wants, matters, remedy }
    }

    /// What a provider does, whatever the RFCs say.
    pub(super) const fn habit(
        name: &'static str,
        who: &'static str,
        wants: &'static str,
        matters: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self { name, level: Level::Fault, source: Source::Habit(who), wants, matters, remedy }
    }

    /// The same, as advice alone.
    pub(super) const fn advice(self) -> Self {
        Self { level: Level::Advice, ..self }
    }

    /// Who says so, in words.
    pub(super) fn says(&self) -> String {
        match self.source {
            Source::Rfc(paragraph) => format!("RFC {paragraph}"),
            Source::Habit(who) => format!("what {who} really sends"),
        }
    }
}

/// Rules under names of their own, and all of them as `RULES`.
macro_rules! rules {
    ($($name:ident = $rule:expr;)+) => {
        $(const $name: $crate::cli::doctor::rule::Rule = $rule;)+
        /// What is asked here.
        pub(in crate::cli::doctor) const RULES: &[$crate::cli::doctor::rule::Rule] = &[$($name),+];
    };
}
pub(super) use rules;
