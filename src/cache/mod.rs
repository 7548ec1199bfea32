//! Line 7: what can be lost without anyone noticing but the clock.
