//! Line 7: sign-in protocols.
