//! Line 9: work that nobody waits for.
