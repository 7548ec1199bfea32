//! Line 3: facts become grants, with provenance and near misses. Pure.
