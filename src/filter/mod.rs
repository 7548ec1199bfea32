//! Line 1: RFC 7644 filters and paths: parse, print, evaluate. Pure.
