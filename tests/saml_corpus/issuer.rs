//! An identity provider of the tests: it says what it is told to, and signs and encrypts it in every way.

use aws_lc_rs::{
    aead,
    cipher::{self, PaddedBlockEncryptingKey, UnboundCipherKey},
    digest,
    rand::SystemRandom,
    rsa::{
        KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
        PublicEncryptingKey,
    },
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    },
};
use castgate::{
    crypto::{Certificate, ServiceKey},
    model::Instant,
    sso::saml::c14n::canonicalize,
};
use data_encoding::BASE64;
use std::{
    io::Write,
    process::{Command, Stdio},
};

pub const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";

/// A private key and its certificate.
pub struct Key {
    private: Private,
    pub certificate: Certificate,
}

enum Private {
    Rsa(Vec<u8>),
    P256(Vec<u8>),
    P384(Vec<u8>),
}

impl Key {
    pub fn rsa(name: &str) -> Self {
        let key = ServiceKey::generate().unwrap();
        let from = Instant(1_767_225_600_000_000);
        let until = Instant(from.0 + 86_400_000_000 * 3_650);
        let certificate = Certificate::from_der(&key.certificate(name, from, until).unwrap()).unwrap();
        Self { private: Private::Rsa(key.pkcs8().to_vec()), certificate }
    }

    /// On P-256 or P-384, made by openssl.
    pub fn ec(curve: &str) -> Self {
        let private = openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")], &[]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, &private).unwrap();
        let path = file.to_str().unwrap();
        let certificate =
            openssl(&["req", "-x509", "-key", path, "-days", "30", "-subj", "/CN=ec.example/O=Example"], &[]);
        let der = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], &private);
        let certificate = Certificate::from_text(&String::from_utf8(certificate).unwrap()).unwrap();
        Self { private: if curve == "P-256" { Private::P256(der) } else { Private::P384(der) }, certificate }
    }

    /// The signature that this algorithm asks for.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::P256(der) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).unwrap();
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Private::P384(der) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).unwrap();
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Private::Rsa(der) => {
                let encoding = match algorithm.rsplit('#').next().unwrap() {
                    "rsa-sha1" => return sha1(der, message),
                    "rsa-sha384" => &RSA_PKCS1_SHA384,
                    "rsa-sha512" => &RSA_PKCS1_SHA512,
                    "sha256-rsa-MGF1" => &RSA_PSS_SHA256,
                    "sha384-rsa-MGF1" => &RSA_PSS_SHA384,
                    "sha512-rsa-MGF1" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let pair = KeyPair::from_pkcs8(der).unwrap();
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut out).unwrap();
                out
            }
        }
    }
}

/// The library does not make SHA-1 signatures any more.
fn sha1(der: &[u8], message: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.der");
    std::fs::write(&file, der).unwrap();
    openssl(&["dgst", "-sha1", "-keyform", "DER", "-sign", file.to_str().unwrap()], message)
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

/// How something is signed.
#[derive(Clone)]
pub struct How<'a> {
    pub key: &'a Key,
    pub algorithm: &'a str,
    pub digest: &'a str,
    pub c14n: &'a str,
    pub transforms: Vec<&'a str>,
    /// The PrefixList of the reference's canonicalization.
    pub prefixes: &'a str,
    /// The PrefixList of SignedInfo's canonicalization.
    pub info_prefixes: &'a str,
    /// Instead of a reference to the element.
    pub uri: Option<String>,
    pub key_info: String,
    /// The prefix of the signature's elements, with its colon, or nothing.
    pub prefix: &'a str,
}

impl<'a> How<'a> {
    pub fn with(key: &'a Key) -> Self {
        Self {
            key,
            algorithm: RSA_SHA256,
            digest: SHA256,
            c14n: EXC,
            transforms: vec![ENVELOPED, EXC],
            prefixes: "",
            info_prefixes: "",
            uri: None,
            key_info: String::new(),
            prefix: "ds:",
        }
    }
}

fn digest_of(uri: &str, bytes: &[u8]) -> String {
    let algorithm = match uri.rsplit('#').next().unwrap() {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        _ => &digest::SHA256,
    };
    BASE64.encode(digest::digest(algorithm, bytes).as_ref())
}

/// The signature of the element with this id, as it stands in the document now.
pub fn signature(xml: &str, id: &str, how: &How<'_>) -> String {
    let prefixes: Vec<&str> = how.prefixes.split_ascii_whitespace().collect();
    let canonical = canonicalize(xml.as_bytes(), Some(id), &prefixes).unwrap();
    signature_over(&canonical, id, how)
}

/// A signature whose digest is that of any bytes.
pub fn signature_over(canonical: &str, id: &str, how: &How<'_>) -> String {
    let p = how.prefix;
    let inclusive = |list: &str| match list {
        "" => String::new(),
        list => format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC}\" PrefixList=\"{list}\"></ec:InclusiveNamespaces>"),
    };
    let transforms = how.transforms.iter().map(|uri| {
        let inside = if *uri == EXC { inclusive(how.prefixes) } else { String::new() };
        format!("<{p}Transform Algorithm=\"{uri}\">{inside}</{p}Transform>")
    });
    let transforms = transforms.collect::<Vec<_>>().concat();
    let uri = how.uri.clone().unwrap_or_else(|| format!("#{id}"));
    let body = format!(
        "<{p}CanonicalizationMethod Algorithm=\"{}\">{}</{p}CanonicalizationMethod>\
         <{p}SignatureMethod Algorithm=\"{}\"></{p}SignatureMethod>\
         <{p}Reference URI=\"{uri}\"><{p}Transforms>{transforms}</{p}Transforms>\
         <{p}DigestMethod Algorithm=\"{}\"></{p}DigestMethod><{p}DigestValue>{}</{p}DigestValue></{p}Reference>",
        how.c14n,
        inclusive(how.info_prefixes),
        how.algorithm,
        how.digest,
        digest_of(how.digest, canonical.as_bytes()),
    );
    let declared = match p.strip_suffix(':') {
        Some(prefix) => format!(" xmlns:{prefix}=\"{DS}\""),
        None => format!(" xmlns=\"{DS}\""),
    };
    let canonical = format!("<{p}SignedInfo{declared}>{body}</{p}SignedInfo>");
    let value = BASE64.encode(&how.key.sign(how.algorithm, canonical.as_bytes()));
    format!(
        "<{p}Signature{declared}><{p}SignedInfo>{body}</{p}SignedInfo><{p}SignatureValue>{value}</{p}SignatureValue>{}</{p}Signature>",
        how.key_info
    )
}

/// The document with that element signed: the signature stands behind the element's issuer.
pub fn signed(xml: &str, id: &str, how: &How<'_>) -> String {
    let signature = signature(xml, id, how);
    after_issuer(xml, id, &signature)
}

/// The document with something behind the issuer of that element, which is its first child.
pub fn after_issuer(xml: &str, id: &str, what: &str) -> String {
    let element = xml.find(&format!("ID=\"{id}\"")).unwrap();
    let close = element + xml[element..].find("</").unwrap();
    let at = close + xml[close..].find('>').unwrap() + 1;
    format!("{}{what}{}", &xml[..at], &xml[at..])
}

/// How something is encrypted.
#[derive(Clone, Copy)]
pub struct Secretly<'a> {
    pub transport: &'a str,
    pub cipher: &'a str,
    /// Bytes that are cut off the end of the ciphertext.
    pub cut: usize,
    /// Whether the encrypted key stands beside the data instead of inside.
    pub beside: bool,
}

pub const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
pub const OAEP11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

impl Default for Secretly<'_> {
    fn default() -> Self {
        Self { transport: OAEP, cipher: "http://www.w3.org/2009/xmlenc11#aes256-gcm", cut: 0, beside: false }
    }
}

/// An `EncryptedAssertion` (or any other wrapper) of these bytes for this key.
pub fn encrypted(wrapper: &str, plain: &str, to: &Certificate, how: Secretly<'_>) -> String {
    let size = if how.cipher.contains("128") {
        16
    } else if how.cipher.contains("192") {
        24
    } else {
        32
    };
    let secret = vec![7; size];
    let mut content = content(how.cipher, &secret, plain.as_bytes());
    content.truncate(content.len() - how.cut);
    let (oaep, methods): (&'static OaepAlgorithm, String) = if how.transport == OAEP11 {
        let digest = format!("<ds:DigestMethod xmlns:ds=\"{DS}\" Algorithm=\"{SHA256}\"/>");
        let mask = "<e11:MGF xmlns:e11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>";
        (&OAEP_SHA256_MGF1SHA256, digest + mask)
    } else {
        (&OAEP_SHA1_MGF1SHA1, String::new())
    };
    let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(to.public_key()).unwrap()).unwrap();
    let mut room = vec![0; public.ciphertext_size()];
    let key_bytes = public.encrypt(oaep, &secret, &mut room, None).unwrap();
    let key = format!(
        "<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{}\">{methods}</xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
        how.transport,
        BASE64.encode(key_bytes),
    );
    let (inside, beside) = match how.beside {
        true => (String::new(), key),
        false => (format!("<ds:KeyInfo xmlns:ds=\"{DS}\">{key}</ds:KeyInfo>"), String::new()),
    };
    format!(
        "<saml:{wrapper} xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">\
         <xenc:EncryptedData Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/>{inside}\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}</saml:{wrapper}>",
        how.cipher,
        BASE64.encode(&content),
    )
}

fn content(uri: &str, key: &[u8], plain: &[u8]) -> Vec<u8> {
    if uri.ends_with("gcm") {
        let algorithm = match key.len() {
            16 => &aead::AES_128_GCM,
            24 => &aead::AES_192_GCM,
            _ => &aead::AES_256_GCM,
        };
        let sealing = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).unwrap());
        let nonce = [9; 12];
        let mut room = plain.to_vec();
        sealing
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut room)
            .unwrap();
        return [nonce.as_slice(), &room].concat();
    }
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        _ => &cipher::AES_256,
    };
    let sealing = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key).unwrap()).unwrap();
    let mut room = plain.to_vec();
    let context = sealing.encrypt(&mut room).unwrap();
    let cipher::DecryptionContext::Iv128(iv) = context else { unreachable!("CBC has an IV") };
    let iv: &[u8; 16] = iv.as_ref();
    [iv.as_slice(), &room].concat()
}
