//! Where castgate and scim2-server 0.8.3 differ, and who is right.

/// Who keeps the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// castgate.
    Castgate,
    /// Both: the RFC leaves it open, or a provider needs what it calls optional.
    Both,
}

/// One difference.
#[derive(Debug)]
pub struct Known {
    pub step: &'static str,
    /// castgate's answer against the other's.
    pub difference: &'static str,
    #[expect(dead_code, reason = "for whoever reads the list")]
    pub right: Right,
    pub why: &'static str,
}

pub const KNOWN: &[Known] = &[];
