//! Line 2: the SCIM protocol without HTTP. Pure.
