//! Somebody with real keys, who publishes them on loopback and signs whatever is asked for.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::net::TcpListener;

/// The keys of the suite; made once, because an RSA key takes its time.
pub(crate) struct Keys {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    stranger: EcdsaKeyPair,
}

/// By which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Rs256,
    Rs384,
    Ps256,
    Es256,
    /// A key that nobody published.
    Stranger,
    /// HMAC with the published modulus as its secret.
    Modulus,
    /// HMAC with the published set, as it is sent, as its secret.
    Set,
    Nobody,
}

pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        stranger: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    })
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn point(key: &EcdsaKeyPair, kid: &str) -> Value {
    let point = key.public_key().as_ref();
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": encoded(&point[1..33]), "y": encoded(&point[33..])})
}

impl Keys {
    fn modulus(&self) -> String {
        encoded(self.rsa.public_key().modulus().big_endian_without_leading_zero())
    }

    /// The public halves.
    pub(crate) fn published(&self) -> Value {
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "e": "AQAB", "n": self.modulus()},
            point(&self.p256, "ec"),
            {"kty": "RSA", "kid": "short", "e": "AQAB", "n": encoded(&[0xc1; 128])},
            {"kty": "RSA", "kid": "encryption", "use": "enc", "e": "AQAB", "n": self.modulus()},
        ]})
    }

    /// The stranger's key, as a JWK.
    pub(crate) fn strangers(&self, kid: &str) -> Value {
        point(&self.stranger, kid)
    }

    /// A compact JWS over these texts.
    pub(crate) fn sign(&self, by: By, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header.as_bytes()), encoded(claims.as_bytes()));
        let bytes = message.as_bytes();
        let random = SystemRandom::new();
        let rsa = |padding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(padding, &random, bytes, &mut signature).unwrap();
            signature
        };
        let ec = |key: &EcdsaKeyPair| key.sign(&random, bytes).unwrap().as_ref().to_vec();
        let mac = |secret: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), bytes).as_ref().to_vec();
        let signature = match by {
            By::Rs256 => rsa(&RSA_PKCS1_SHA256),
            By::Rs384 => rsa(&RSA_PKCS1_SHA384),
            By::Ps256 => rsa(&RSA_PSS_SHA256),
            By::Es256 => ec(&self.p256),
            By::Stranger => ec(&self.stranger),
            By::Modulus => mac(self.modulus().as_bytes()),
            By::Set => mac(self.published().to_string().as_bytes()),
            By::Nobody => Vec::new(),
        };
        format!("{message}.{}", encoded(&signature))
    }
}

/// What its address says, and how often it was asked.
#[derive(Debug)]
struct Said {
    status: u16,
    body: String,
    asked: usize,
}

/// A running issuer.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// Where its keys are.
    pub(crate) url: String,
    said: Arc<Mutex<Said>>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let said = Arc::new(Mutex::new(Said { status: 200, body: keys().published().to_string(), asked: 0 }));
        let state = Arc::clone(&said);
        let answer = async move || {
            let mut said = state.lock().unwrap();
            said.asked += 1;
            (StatusCode::from_u16(said.status).unwrap(), said.body.clone()).into_response()
        };
        let router = Router::new().route("/keys", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, said }
    }

    /// How often somebody read its keys.
    pub(crate) fn asked(&self) -> usize {
        self.said.lock().unwrap().asked
    }

    pub(crate) fn says(&self, status: u16, body: &Value) {
        let mut said = self.said.lock().unwrap();
        (said.status, said.body) = (status, body.to_string());
    }
}
