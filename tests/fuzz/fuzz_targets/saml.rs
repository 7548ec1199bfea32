#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| castgate_fuzz::gateway::saml(data));
