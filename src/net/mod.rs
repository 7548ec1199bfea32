//! Line 6: the guarded HTTP client.
