//! Over SMTP: TLS from the first byte, or by STARTTLS, which is then demanded; never without noticing in the clear.

use super::{MailError, Wire, one_line};
use crate::config::{Mail, MailSecurity};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret;

/// Hands a message to the server of the settings; what it said to that.
pub(super) async fn send(settings: &Mail, own_name: &str, message: Wire) -> Result<String, MailError> {
    let tls = tls(settings)?;
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.smtp_host)
        .port(settings.smtp_port)
        .tls(tls)
        .hello_name(ClientId::Domain(own_name.to_owned()))
        .timeout(Some(settings.smtp_timeout.get()));
    if let (false, Some(password)) = (settings.smtp_username.is_empty(), &settings.smtp_password) {
        let password = password.expose_secret().to_owned();
        server = server.credentials(Credentials::new(settings.smtp_username.clone(), password));
    }
    match server.build().send(message).await {
        Ok(said) => {
            let words: Vec<&str> = said.message().collect();
            Ok(one_line(&format!("{} {}", said.code(), words.join(" "))))
        }
        Err(error) => Err(failure(&error)),
    }
}

fn tls(settings: &Mail) -> Result<Tls, MailError> {
    let of_ours = |error: &dyn std::fmt::Display| MailError::Later(format!("mail.smtp_ca: {error}"));
    let parameters = || {
        let mut parameters = TlsParameters::builder(settings.smtp_host.clone());
        if let Some(file) = &settings.smtp_ca {
            let pem = std::fs::read(file).map_err(|error| of_ours(&error))?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| of_ours(&error))?);
        }
        parameters.build_rustls().map_err(|error| of_ours(&error))
    };
    Ok(match settings.smtp_security {
        MailSecurity::Starttls => Tls::Required(parameters()?),
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::None => Tls::None,
    })
}

/// RFC 5321 §4.2.1: 5yz is a "permanent negative completion reply"; everything else may go better another time.
fn failure(error: &SmtpError) -> MailError {
    let mut reason = one_line(error);
    // The library says what kind of failure it was; what the server said stands behind it.
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = one_line(error);
        if !reason.contains(&said) {
            reason = one_line(&format!("{reason}: {said}"));
        }
        cause = error.source();
    }
    if error.is_permanent() { MailError::Refused(reason) } else { MailError::Later(reason) }
}
