//! Line 9: requests.
