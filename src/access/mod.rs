//! Line 2: who may what, and why. Pure.
