//! Line 5: settings as data.
