//! Line 9: the demo's identity provider.
