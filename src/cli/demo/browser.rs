//! A browser for the demo: an employee's sign-in, page by page, over plain HTTP.

use crate::{cli::Failure, net};
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};

/// Pages that a browser follows by itself before something is wrong.
const MOST_PAGES: usize = 12;

/// One browser: follows redirects, keeps cookies, fills in forms.
#[derive(Debug)]
pub(super) struct Browser {
    client: net::Client,
    cookies: BTreeMap<String, String>,
}

/// A page as it came.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) body: String,
    headers: Vec<(String, String)>,
}

impl Page {
    /// A header of the answer.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Where the page sends the browser by itself.
    fn leads_to(&self) -> Option<Url> {
        if (300..400).contains(&self.status) {
            return self.header("location").and_then(|to| self.url.join(to).ok());
        }
        // <meta http-equiv="refresh" content="0;url=…">
        let after = self.body.split_once("http-equiv=\"refresh\"")?.1;
        let content = after.split_once("content=\"")?.1.split_once('"')?.0;
        let (_, to) = content.split_once("url=").or_else(|| content.split_once("URL="))?;
        self.url.join(&unescape(to.trim())).ok()
    }

    /// Where the form to `action` goes, and its fields as they stand.
    fn form(&self, action: &str) -> Option<(Url, Vec<(String, String)>)> {
        let goes_to = format!(" action=\"{action}\"");
        let form = self.body.split("<form").skip(1).find(|form| form.contains(&goes_to))?.split("</form>").next()?;
        let inputs = form.split("<input").skip(1).filter_map(|input| input.split('>').next());
        let field = |input: &str| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()));
        Some((self.url.join(action).ok()?, inputs.filter_map(field).collect()))
    }
}

impl Browser {
    pub(super) fn new() -> Self {
        let policy = net::Policy { allow_private_addresses: true, ..net::Policy::default() };
        Self { client: net::Client::new(policy), cookies: BTreeMap::new() }
    }

    /// Opens an address and whatever it leads to.
    pub(super) async fn open(&mut self, address: &str) -> Result<Page, Failure> {
        let page = self.send("GET", Url::parse(address)?, &[], None).await?;
        self.follow(page).await
    }

    /// Asks for an address without going where the answer leads.
    pub(super) async fn ask(&mut self, address: &str, headers: &[(&str, &str)]) -> Result<Page, Failure> {
        self.send("GET", Url::parse(address)?, headers, None).await
    }

    /// Sends the page's form to `action`, with these fields filled in, and goes where the answer leads.
    pub(super) async fn submit(&mut self, page: &Page, action: &str, filled: &[(&str, &str)]) -> Result<Page, Failure> {
        let no_form = || Failure(format!("{} has no form to {action}", page.url));
        let (to, mut fields) = page.form(action).ok_or_else(no_form)?;
        for (name, value) in filled {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let page = self.send("POST", to, &[], Some(body)).await?;
        self.follow(page).await
    }

    async fn follow(&mut self, mut page: Page) -> Result<Page, Failure> {
        for _ in 0..MOST_PAGES {
            match page.leads_to() {
                Some(next) => page = self.send("GET", next, &[], None).await?,
                None => return Ok(page),
            }
        }
        Err(Failure(format!("{} leads in circles", page.url)))
    }

    async fn send(
        &mut self,
        method: &str,
        url: Url,
        headers: &[(&str, &str)],
        form: Option<String>,
    ) -> Result<Page, Failure> {
        let mut request = http::Request::builder().method(method).uri(url.as_str()).header("accept", "text/html");
        let origin = url.origin().ascii_serialization();
        if form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", &origin);
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.client.send(request.body(form.unwrap_or_default().into_bytes())?).await?;
        let status = answer.status().as_u16();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.keep(cookie);
        }
        Ok(Page { url, status, body: String::from_utf8_lossy(answer.body()).into_owned(), headers })
    }

    /// The demo's two servers share a host, and their cookies have different names: one jar does for both.
    fn keep(&mut self, cookie: &str) {
        let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else { return };
        if value.is_empty() {
            self.cookies.remove(name.trim());
        } else {
            self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
