//! Things of connections and of signing in, made for one call alone.

use crate::scene::Scene;
use castgate::{
    app::{ClientProof, ClientWish},
    model::{ConnectionId, ConnectionSettings, OidcSettings, Profile},
};

impl Scene {
    /// The ids of something that belongs to a connection or to a sign-in.
    pub(crate) async fn of_connection(&self, path: &str, name: String) -> Vec<String> {
        match path {
            "/connections/{id}/clients/{client}" => {
                let made = self.acme.connection(&name, Profile::Okta).await.stored.id;
                let wish = ClientWish { name, proof: ClientProof::Secret };
                let client = self.world.app.create_scim_client(&self.acme.operator, &made, wish).await.unwrap().client;
                vec![made.to_string(), client.id.to_string()]
            }
            path if path.starts_with("/connections/{id}/saml") || path.starts_with("/login/saml/") => {
                vec![self.saml_connection(&name).await]
            }
            "/connections/{id}/setup-links" => vec![self.setup_link(&name).await.0],
            "/connections/{id}/setup-links/{link}" => {
                let (connection, link, _) = self.setup_link(&name).await;
                vec![connection, link]
            }
            path if path.starts_with("/setup/{token}") => vec![self.setup_link(&name).await.2],
            path if path.starts_with("/oidc/") => vec![self.signing_connection(&name).await.to_string()],
            path if path.starts_with("/domains/") => vec![self.domain(&name).await],
            "/connections/{id}/tests" => vec![self.signing_connection(&name).await.to_string()],
            "/connections/{id}/tests/{test}" => {
                let connection = self.signing_connection(&name).await;
                let begun = self.world.app.test_connection(&self.acme.operator, &connection).await.unwrap();
                vec![connection.to_string(), begun.test.id.to_string()]
            }
            "/login/test/{token}" => {
                let connection = self.signing_connection(&name).await;
                let begun = self.world.app.test_connection(&self.acme.operator, &connection).await.unwrap();
                vec![begun.url.rsplit('/').next().unwrap().to_owned()]
            }
            "/sign-ins/{code}" => {
                self.session(&name).await;
                let traces = self
                    .world
                    .app
                    .sign_ins(&self.acme.operator, &castgate::store::SignInSearch::default(), "", 1)
                    .await
                    .unwrap();
                vec![traces[0].code.to_string()]
            }
            "/connections/{id}/signal-stream/token" => {
                let made = self.acme.connection(&name, Profile::Okta).await.stored.id;
                self.world.app.create_signal_token(&self.acme.operator, &made).await.unwrap();
                vec![made.to_string()]
            }
            path if path.starts_with("/ssf/") || path.starts_with("/signals/") => {
                vec![self.acme.connection(&name, Profile::Okta).await.stored.id.to_string()]
            }
            path if path.starts_with("/connections/") => {
                let made = self.acme.connection(&name, Profile::Okta).await;
                vec![made.stored.id.to_string(), made.token.id.to_string()]
            }
            path => panic!("nothing is known of what {path} names: say here how to make one"),
        }
    }

    /// A connection whose SAML provider is made up, and known.
    async fn saml_connection(&self, name: &str) -> String {
        use castgate::model::{SamlBinding, SamlEndpoint, SamlSettings};
        let now = castgate::app::Clock::machine().now();
        let key = castgate::crypto::ServiceKey::generate().unwrap();
        let certificate = key.certificate("idp", now, now.plus(std::time::Duration::from_hours(24 * 365))).unwrap();
        let location = "https://idp.invalid/sso".to_owned();
        let saml = SamlSettings {
            entity_id: "https://idp.invalid".to_owned(),
            metadata_url: Some("https://idp.invalid/metadata".to_owned()),
            sign_on: vec![SamlEndpoint { binding: SamlBinding::Redirect, location, response_location: None }],
            certificates: vec![data_encoding::BASE64.encode(&certificate)],
            ..SamlSettings::default()
        };
        let settings = ConnectionSettings { saml: Some(saml), ..ConnectionSettings::of(Profile::Generic) };
        self.acme.connection_with(name, settings).await.stored.id.to_string()
    }

    /// A connection whose provider nobody reaches.
    async fn signing_connection(&self, name: &str) -> ConnectionId {
        let mut settings = ConnectionSettings::of(Profile::Okta);
        let (issuer, client_id) = ("http://127.0.0.1:1".to_owned(), "castgate".to_owned());
        settings.oidc = Some(OidcSettings::new(issuer, client_id));
        self.acme.connection_with(name, settings).await.stored.id
    }

    /// A disabled connection, and a link by which it is set up: its id and its token.
    async fn setup_link(&self, name: &str) -> (String, String, String) {
        let connection = self.signing_connection(name).await;
        let app = &self.world.app;
        app.set_connection_enabled(&self.acme.operator, &connection, false).await.unwrap();
        let made = app.create_setup_link(&self.acme.operator, &connection, None).await.unwrap();
        (connection.to_string(), made.link.id.to_string(), made.url.rsplit('/').next().unwrap().to_owned())
    }

    /// A domain that a connection claims.
    async fn domain(&self, name: &str) -> String {
        let domain = format!("{name}.example.com");
        let settings = ConnectionSettings { domains: vec![domain.clone()], ..ConnectionSettings::of(Profile::Okta) };
        self.acme.connection_with(name, settings).await;
        domain
    }
}
