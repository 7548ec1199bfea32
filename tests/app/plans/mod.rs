//! Plans of mappings: what a plan says is what publishing does, to the last row, whatever the directory and its past.

mod cases;
mod configurations;
mod documents;
mod generated;
mod past;
mod publishing;
mod truth;
