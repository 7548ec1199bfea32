//! Line 6: keys, tokens, sealing.
