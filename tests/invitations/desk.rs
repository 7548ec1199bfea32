//! The lab's provider, and somebody who chooses a person on its page.

use castgate::{
    lab::{Lab, Person},
    model::{ConnectionSettings, OidcSettings, Profile},
    net::{Client, Policy},
};
use http::Request;
use url::{Url, form_urlencoded};

/// Settings of a connection whose people sign in at the lab.
pub fn settings(lab: &Lab) -> ConnectionSettings {
    let mut settings = ConnectionSettings::of(Profile::Okta);
    settings.oidc = Some(OidcSettings::new(&lab.issuer, &lab.client_id));
    settings
}

/// Signs a person in at the provider; the answer is the query that comes back to castgate.
pub async fn choose(lab: &Lab, sign_in_page: &str, person: &Person) -> String {
    let http = Client::new(Policy { allow_private_addresses: true, ..Policy::default() });
    let page = Url::parse(sign_in_page).unwrap();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("request", page.query().unwrap())
        .append_pair("person", &person.external_id)
        .finish();
    let request = Request::post(format!("{}/sign-in", lab.issuer)).body(form.into_bytes()).unwrap();
    let answer = http.send(request).await.unwrap();
    let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    location.query().unwrap().to_owned()
}
