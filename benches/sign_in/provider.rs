//! A provider that costs next to nothing: its codes are the ID tokens that they are exchanged for.

use crate::Failure;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use castgate::app::Clock;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

pub struct Provider {
    pub issuer: String,
    key: EcdsaKeyPair,
    _runtime: Runtime,
}

impl Provider {
    pub fn start() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y}]}).to_string();
        let at = |path: &str| format!("{issuer}{path}");
        let configuration = json!({
            "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
        });
        let published = Arc::new((configuration.to_string(), keys));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, Arc::clone(&published)));
            }
        });
        Ok(Self { issuer, key, _runtime: runtime })
    }

    /// A code for these claims.
    pub fn code(&self, mut claims: Value) -> Result<String, Failure> {
        let now = Clock::machine().now().seconds();
        let standard = json!({"iss": self.issuer, "aud": "castgate", "iat": now, "exp": now + 3600});
        if let (Some(claims), Some(standard)) = (claims.as_object_mut(), standard.as_object()) {
            claims.extend(standard.clone());
        }
        let encoded = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
        let header = encoded(json!({"alg": "ES256", "kid": "k"}).to_string());
        let message = format!("{header}.{}", encoded(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes())?;
        Ok(format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }

    /// How long the exchanges of so many callbacks take by themselves.
    pub async fn exchanges(&self, tasks: usize, each: usize) -> Result<Duration, Failure> {
        let policy = castgate::net::Policy { allow_private_addresses: true, ..castgate::net::Policy::default() };
        let client = castgate::net::Client::new(policy);
        let (address, code) = (format!("{}/token", self.issuer), self.code(json!({"sub": "x".repeat(300)}))?);
        let began = Instant::now();
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                let (client, address, code) = (client.clone(), address.clone(), code.clone());
                tokio::spawn(async move {
                    for _ in 0..each {
                        let request = http::Request::post(&address).body(format!("code={code}").into_bytes())?;
                        client.send(request).await?;
                    }
                    Ok::<(), Failure>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(began.elapsed())
    }
}

async fn serve(mut stream: TcpStream, published: Arc<(String, String)>) {
    let (mut request, mut part) = (Vec::new(), [0; 8192]);
    loop {
        let (head, body) = loop {
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.to_ascii_lowercase().lines().find_map(|line| {
                    line.strip_prefix("content-length: ").and_then(|length| length.parse::<usize>().ok())
                });
                if body.len() >= length.unwrap_or(0) {
                    break (head.to_owned(), body.to_owned());
                }
            }
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(read) => request.extend_from_slice(&part[..read]),
            }
        };
        request.clear();
        let answer = match head.split(' ').nth(1).unwrap_or_default() {
            "/.well-known/openid-configuration" => published.0.clone(),
            "/jwks" => published.1.clone(),
            _ => {
                let code = body.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap_or_default();
                json!({"access_token": "opaque", "token_type": "Bearer", "id_token": code}).to_string()
            }
        };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        if stream.write_all(format!("{head}{answer}").as_bytes()).await.is_err() {
            return;
        }
    }
}
