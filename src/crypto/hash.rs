//! Digests and comparisons.

use aws_lc_rs::{digest, hmac};
use subtle::ConstantTimeEq;

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// The SHA-256 of all that can be read, in constant memory.
pub fn sha256_of(mut reader: impl std::io::Read) -> std::io::Result<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut chunk)? {
            0 => break,
            read => context.update(chunk.get(..read).unwrap_or_default()),
        }
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Ok(out)
}

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, which may have any length.
#[must_use]
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes).as_ref());
    out
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn the_digests_are_the_published_ones() {
        // FIPS 180-4, "abc"; RFC 4231, test case 2.
        assert_eq!(
            HEXLOWER.encode(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            HEXLOWER.encode(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn equality_looks_at_every_byte_and_the_length() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"samf"));
        assert!(!constant_time_eq(b"same", b"sam"));
    }
}
