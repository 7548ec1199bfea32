//! A browser as far as these tests need one: cookies, forms, pages.

use crate::world::{Answer, Client};
use std::{collections::BTreeMap, sync::Mutex};
use url::form_urlencoded;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// It follows nothing.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The value of a page's hidden field.
pub(crate) fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    after.split('"').next().unwrap().to_owned()
}

impl Browser {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), cookies: Mutex::default() }
    }

    /// One that has somebody's session.
    pub(crate) fn with(client: &Client, session: &str) -> Self {
        let cookies = BTreeMap::from([("castgate".to_owned(), session.to_owned())]);
        Self { client: client.clone(), cookies: Mutex::new(cookies) }
    }

    async fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let pairs: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = pairs.join("; ");
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(body.is_some().then_some(FORM));
        let answer = self.client.send(method, path, &headers, body).await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.lock().unwrap().remove(name),
                value => self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, Some(form(fields))).await
    }

    /// A form of a page behind a session, with the page's own token.
    pub(crate) async fn post_from(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = field(&self.get(page).await.expect(200).text, "form");
        let mut all = vec![("form", token.as_str())];
        all.extend(fields);
        self.post(path, &all).await
    }

    /// The secret of its session.
    pub(crate) fn session(&self) -> Option<String> {
        self.cookies.lock().unwrap().get("castgate").cloned()
    }

    pub(crate) async fn accept_terms(&self) {
        let page = self.get("/terms").await.expect(200).text;
        let fields = ["form", "terms", "privacy"].map(|name| (name, field(&page, name)));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/terms", &fields).await.expect(303);
    }
}
