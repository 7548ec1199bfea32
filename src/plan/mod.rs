//! Line 4: current and wanted become a diff, objections and an impact. Pure.
