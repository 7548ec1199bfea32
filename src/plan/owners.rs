//! The guard that an organization keeps an owner who can be reached.
//!
//! A person's change that would leave none is refused. A machine's change always takes effect, and the guard gives the
//! last owner a direct binding of source `floor`, which ends when another owner is reachable. Only when the provider
//! suspends or removes that very person is the organization ownerless.

use crate::model::{BindingId, UserId};

/// Who asks for the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Somebody in the console, the API or the command line.
    Person,
    /// A push, a sign-in, a rule, an expiry.
    Machine,
}

/// What the organization looks like after the change, before it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Somebody reachable is an owner without the floor.
    pub reachable: Option<UserId>,
    /// The open floor bindings, and whether their holder is reachable.
    pub floor: Vec<(BindingId, bool)>,
    /// An owner before the change, who is still active and able to sign in after it.
    pub last: Option<UserId>,
    /// The organization is marked as ownerless.
    pub ownerless: bool,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// An owner is reachable: close these floor bindings, and take down the mark if it is up.
    Owned {
        /// No longer needed.
        close: Vec<BindingId>,
    },
    /// Refuse the change; this person would have been the last.
    Refuse {
        /// Who is last; nobody when the change suspends or removes that person.
        last: Option<UserId>,
    },
    /// Give this person the floor.
    Keep {
        /// The last owner.
        user: UserId,
    },
    /// Mark the organization as ownerless.
    Ownerless,
}

/// Judges a change.
#[must_use]
pub fn judge(author: Author, outlook: &Outlook) -> Verdict {
    let Outlook { reachable, floor, last, ownerless } = outlook;
    if reachable.is_some() {
        let close: Vec<_> = floor.iter().map(|(id, _)| id.clone()).collect();
        return if close.is_empty() && !ownerless { Verdict::Fine } else { Verdict::Owned { close } };
    }
    if floor.iter().any(|(_, reachable)| *reachable) {
        return if *ownerless { Verdict::Owned { close: Vec::new() } } else { Verdict::Fine };
    }
    match (author, last) {
        // Ownerless before: a person's change did not make it so.
        (Author::Person | Author::Machine, None) if *ownerless => Verdict::Fine,
        (Author::Person, last) => Verdict::Refuse { last: last.clone() },
        (Author::Machine, Some(user)) => Verdict::Keep { user: user.clone() },
        (Author::Machine, None) => Verdict::Ownerless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user() -> UserId {
        UserId::from_uuid(Uuid::nil())
    }

    fn outlook() -> Outlook {
        Outlook { reachable: None, floor: Vec::new(), last: None, ownerless: false }
    }

    #[test]
    fn a_person_cannot_take_the_last_owner_away() {
        let last = Outlook { last: Some(user()), ..outlook() };
        assert_eq!(judge(Author::Person, &last), Verdict::Refuse { last: Some(user()) });
        assert_eq!(judge(Author::Person, &outlook()), Verdict::Refuse { last: None });
    }

    #[test]
    fn a_machine_always_gets_through_and_the_floor_keeps_the_last_owner() {
        let last = Outlook { last: Some(user()), ..outlook() };
        assert_eq!(judge(Author::Machine, &last), Verdict::Keep { user: user() });
    }

    #[test]
    fn only_the_loss_of_the_last_person_leaves_nobody() {
        assert_eq!(judge(Author::Machine, &outlook()), Verdict::Ownerless);
    }

    #[test]
    fn the_floor_ends_when_another_owner_is_reachable() {
        let floor = BindingId::from_uuid(Uuid::nil());
        let owned = Outlook { reachable: Some(user()), floor: vec![(floor.clone(), true)], ..outlook() };
        assert_eq!(judge(Author::Machine, &owned), Verdict::Owned { close: vec![floor] });
    }

    #[test]
    fn the_floor_holds_as_long_as_nobody_else_is_reachable() {
        let floor = BindingId::from_uuid(Uuid::nil());
        let kept = Outlook { floor: vec![(floor, true)], last: Some(user()), ..outlook() };
        assert_eq!(judge(Author::Machine, &kept), Verdict::Fine);
    }
}
