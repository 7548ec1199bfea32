//! Line 7: the durable store, on two engines.
