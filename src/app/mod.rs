//! Line 8: the use cases; the only place where adapters meet.
