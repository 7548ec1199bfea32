//! A browser without a screen: keeps cookies for each server, follows redirects and pages that move on, fills in forms.

use reqwest::{Client, Method, header::HeaderMap, redirect::Policy};
use std::collections::BTreeMap;
use url::Url;

/// Redirects that a browser follows before it says that something is wrong.
const MOST_STEPS: usize = 20;

/// One person's browser. A clone is a thief's copy of its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<(String, String), String>,
    /// Stops in front of this path instead of going there.
    pub stop_before: Option<&'static str>,
}

/// A page as it came. Status 0: the browser stopped in front of it.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

/// A form of a page: where it goes, and what is in it.
#[derive(Debug)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    pub fn new() -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, cookies: BTreeMap::new(), stop_before: None }
    }

    /// Opens an address and goes wherever it leads.
    pub async fn open(&mut self, address: &str) -> Page {
        let url = Url::parse(address).unwrap();
        self.go(Method::GET, url, None).await
    }

    /// Sends the page's form whose action ends with `action`, with some fields filled in.
    pub async fn submit(&mut self, page: &Page, action: &str, filled: &[(&str, &str)]) -> Page {
        let mut form = page.form(action);
        for (name, value) in filled {
            match form.fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => (*value).clone_into(old),
                None => panic!("there is no field {name} in {page:?}"),
            }
        }
        self.go(Method::POST, form.action, Some(form.fields)).await
    }

    /// Sends a form that is on no page that was seen.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.go(Method::POST, Url::parse(address).unwrap(), Some(fields)).await
    }

    /// Sends the page's form with one of its buttons.
    pub async fn press(&mut self, page: &Page, action: &str, button: (&str, &str)) -> Page {
        let mut form = page.form(action);
        form.fields.push((button.0.to_owned(), button.1.to_owned()));
        self.go(Method::POST, form.action, Some(form.fields)).await
    }

    /// Asks for an address as a service behind the gateway does, without going anywhere.
    pub async fn ask(&mut self, address: &str) -> Page {
        self.send(Method::GET, &Url::parse(address).unwrap(), None).await
    }

    /// Forgets who is signed in at castgate; the provider still knows.
    pub fn forget_session(&mut self) {
        self.cookies.retain(|(_, name), _| name != "castgate");
    }

    async fn go(&mut self, method: Method, mut url: Url, form: Option<Vec<(String, String)>>) -> Page {
        let mut page = self.send(method, &url, form).await;
        for _ in 0..MOST_STEPS {
            let Some(next) = page.leads_to() else { return page };
            url = next;
            if self.stop_before.is_some_and(|path| path == url.path()) {
                return Page { url, status: 0, headers: HeaderMap::new(), text: String::new() };
            }
            page = self.send(Method::GET, &url, None).await;
        }
        panic!("{} leads in circles", page.url);
    }

    async fn send(&mut self, method: Method, url: &Url, form: Option<Vec<(String, String)>>) -> Page {
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let ours = self.cookies.iter().filter(|((known, _), _)| *known == server);
        let cookies: Vec<_> = ours.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, url.clone()).header("accept", "text/html");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(fields) = form {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request = request.header("origin", url.origin().ascii_serialization());
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            let key = (server.clone(), name.to_owned());
            if value.is_empty() {
                self.cookies.remove(&key)
            } else {
                self.cookies.insert(key, value.to_owned())
            };
        }
        let text = answer.text().await.unwrap();
        assert_ne!(status, 500, "{url} failed: {text}");
        Page { url: url.clone(), status, headers, text }
    }
}

impl Page {
    /// The header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// This page, if it came with this status from this path.
    #[track_caller]
    pub fn expect(self, status: u16, path: &str) -> Self {
        assert_eq!((self.status, self.url.path()), (status, path), "{self:?}");
        self
    }

    /// What the page says in its alert; empty where there is none.
    pub fn alert(&self) -> String {
        let Some((_, rest)) = self.text.split_once("role=\"alert\"") else { return String::new() };
        let words = rest.split_once('>').map_or("", |(_, rest)| rest).trim_start_matches("<p>");
        unescape(words.split('<').next().unwrap_or_default())
    }

    fn leads_to(&self) -> Option<Url> {
        if (300..400).contains(&self.status) {
            return Some(self.url.join(self.header("location")).unwrap());
        }
        let (_, rest) = self.text.split_once("http-equiv=\"refresh\" content=\"0;url=")?;
        Some(self.url.join(&unescape(rest.split('"').next()?)).unwrap())
    }

    /// The form whose action ends with `action`.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let forms = self.text.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap_or_default());
        for form in forms {
            let goes_to = attribute(form.split('>').next().unwrap_or_default(), "action").unwrap_or_default();
            if !goes_to.ends_with(action) {
                continue;
            }
            let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap_or_default());
            let field = |input: &str| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()));
            return Form { action: self.url.join(&goes_to).unwrap(), fields: inputs.filter_map(field).collect() };
        }
        panic!("there is no form to {action} in {self:?}");
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
