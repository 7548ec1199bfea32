//! Line 10: commands.
