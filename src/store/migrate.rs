//! Migrations: numbered SQL files, each applied once.
