//! A provider on loopback that says exactly what it is told to say, and signs whatever it is given.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The keys of the suite; made once, because an RSA key takes its time.
pub struct Keys {
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    rsa: RsaKeyPair,
    stranger: EcdsaKeyPair,
}

pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
        ed25519: Ed25519KeyPair::generate().unwrap(),
        rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        stranger: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    })
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl Keys {
    fn modulus(&self) -> String {
        encoded(self.rsa.public_key().modulus().big_endian_without_leading_zero())
    }

    /// The public halves, as the provider publishes them.
    pub fn published(&self) -> Value {
        let point = |key: &EcdsaKeyPair, curve: &str, kid: &str| {
            let (x, y) = key.public_key().as_ref()[1..].split_at((key.public_key().as_ref().len() - 1) / 2);
            json!({"kty": "EC", "crv": curve, "kid": kid, "use": "sig", "x": encoded(x), "y": encoded(y)})
        };
        json!({"keys": [
            point(&self.p256, "P-256", "p256"),
            point(&self.p384, "P-384", "p384"),
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encoded(self.ed25519.public_key().as_ref())},
            {"kty": "RSA", "kid": "rsa", "use": "sig", "e": "AQAB", "n": self.modulus()},
            {"kty": "RSA", "kid": "short", "e": "AQAB", "n": encoded(&[0xc1; 128])},
            {"kty": "RSA", "kid": "only RS512", "use": "sig", "alg": "RS512", "e": "AQAB", "n": self.modulus()},
            {"kty": "RSA", "kid": "encryption", "use": "enc", "e": "AQAB", "n": self.modulus()},
            {"kty": "from the future", "kid": "unknown"},
        ]})
    }

    /// The key set with one more key, of somebody who was not there before.
    pub fn rotated(&self) -> Value {
        let mut set = self.published();
        let point = self.stranger.public_key().as_ref();
        set["keys"].as_array_mut().unwrap().push(json!(
            {"kty": "EC", "crv": "P-256", "kid": "next", "x": encoded(&point[1..33]), "y": encoded(&point[33..])}
        ));
        set
    }

    /// A compact JWS over these, by this key.
    pub fn sign(&self, by: &str, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.as_bytes()));
        let (random, bytes) = (SystemRandom::new(), message.as_bytes());
        let rsa = |padding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(padding, &random, bytes, &mut signature).unwrap();
            signature
        };
        let signature = match by {
            "ES256" => self.p256.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "ES384" => self.p384.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(bytes).as_ref().to_vec(),
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "stranger" => self.stranger.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "HS256 with the public key" => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, self.modulus().as_bytes());
                hmac::sign(&secret, bytes).as_ref().to_vec()
            }
            "HS256 with the secret" => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"secret"), bytes).as_ref().to_vec()
            }
            "nobody" => Vec::new(),
            "zeros" => vec![0; 64],
            other => panic!("no key is called {other}"),
        };
        format!("{message}.{}", encoded(&signature))
    }
}

/// What it answers, path by path, and how often it was asked.
#[derive(Default)]
struct Script {
    answers: HashMap<String, (u16, String)>,
    asked: HashMap<String, Vec<String>>,
}

/// The running provider.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { issuer, script: Arc::default() };
        let script = Arc::clone(&provider.script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&script)));
            }
        });
        provider
    }

    pub fn says(&self, path: &str, status: u16, body: &Value) {
        self.script.lock().unwrap().answers.insert(path.to_owned(), (status, body.to_string()));
    }

    /// The requests (head and body) that a path has seen.
    pub fn asked(&self, path: &str) -> Vec<String> {
        self.script.lock().unwrap().asked.get(path).cloned().unwrap_or_default()
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, body) = {
        let mut script = script.lock().unwrap();
        script.asked.entry(path.clone()).or_default().push(request);
        script.answers.get(&path).cloned().unwrap_or((404, "null".to_owned()))
    };
    let head = format!(
        "HTTP/1.1 {status} .\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}
