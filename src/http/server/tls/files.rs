//! A certificate and its key, in PEM files.

use super::{TlsFault, validity};
use crate::{config::Server, model::Instant};
use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::rustls::{
    self, InconsistentKeys, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};

/// Others may not read the key, nor may anybody but its owner write it. Its group may read it: that is how orchestrators hand
/// secrets to a process that is not root.
const FORBIDDEN: u32 = 0o027;
/// No certificate chain is as long; a setting that names some other file must not fill the memory.
const MOST: u64 = 1 << 20;

/// Where the pair lies.
#[derive(Debug, Clone)]
pub(in crate::http::server) struct Files {
    pub(super) certificate: PathBuf,
    key: PathBuf,
}

/// A pair that fits.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) config: Arc<ServerConfig>,
    /// When the certificate ends, if it says so in a way that we can read.
    pub(super) ends: Option<Instant>,
    pub(super) leaf: Option<CertificateDer<'static>>,
}

impl Files {
    pub(in crate::http::server) fn of(settings: &Server) -> Option<Self> {
        let (certificate, key) = (settings.tls_certificate.clone()?, settings.tls_key.clone()?);
        Some(Self { certificate, key })
    }

    /// What the two files hold.
    pub(super) fn read(&self) -> Result<[Vec<u8>; 2], TlsFault> {
        let certificate = read(&self.certificate)?;
        let of_key = |source| TlsFault::Read { path: self.key.clone(), source };
        let mode = fs::metadata(&self.key).map_err(of_key)?.permissions().mode() & 0o777;
        if mode & FORBIDDEN != 0 {
            return Err(TlsFault::Open { path: self.key.clone(), mode });
        }
        Ok([certificate, read(&self.key)?])
    }

    /// The pair in these bytes.
    pub(super) fn pair(&self, [certificate, key]: &[Vec<u8>; 2]) -> Result<Pair, TlsFault> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate).filter_map(Result::ok).collect();
        let Some(leaf) = chain.first().cloned() else {
            return Err(TlsFault::NoCertificate { path: self.certificate.clone() });
        };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsFault::NoKey { path: self.key.clone() })?;
        let config = config(chain, key).map_err(|error| self.fault(&error))?;
        let ends = validity::not_after(&leaf);
        Ok(Pair { config: Arc::new(config), ends, leaf: Some(leaf) })
    }

    /// The certificate alone: whoever asks the server may not read its key.
    pub(super) fn leaf(&self) -> Result<CertificateDer<'static>, TlsFault> {
        let bytes = read(&self.certificate)?;
        let path = self.certificate.clone();
        CertificateDer::from_pem_slice(&bytes).map_err(|_| TlsFault::NoCertificate { path })
    }

    pub(super) fn fault(&self, error: &rustls::Error) -> TlsFault {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsFault::Mismatch { certificate, key },
            error => TlsFault::Unusable { certificate, key, why: error.to_string() },
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFault> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| TlsFault::Read { path: path.to_owned(), source })
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
