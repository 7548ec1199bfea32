//! Line 6: logs and the request line.
