//! The three pages of the lab's provider. Small enough to be written by hand, so every text goes through [`escaped`].

use super::people::{Directory, Person};
use std::fmt::Write as _;

const HEAD: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Northwind sign-in (lab)</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2333;background:#f6f7fa}
h1{font-size:1.4rem}h2{font-size:1rem;margin-top:2rem}
.people{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.6rem;padding:0;list-style:none}
button{width:100%;text-align:left;font:inherit;padding:.6rem .8rem;border:1px solid #c9cfdb;border-radius:.5rem;background:#fff;cursor:pointer}
button:hover,button:focus{border-color:#3157d5}small{display:block;color:#5a6478}
@media(prefers-color-scheme:dark){body{color:#e6e9f2;background:#151a26}button{color:inherit;background:#1f2636;border-color:#3a4358}small{color:#9aa5bd}}
</style></head><body><main>"#;

/// The page on which somebody chooses who to be. `request` is the query that the sign-in came with.
pub(super) fn choose(people: &[Person], request: &str, hint: Option<&str>) -> String {
    let mut page = format!(
        "{HEAD}<h1>Who are you?</h1><p>This is the laboratory's identity provider. It listens on this machine alone and \
         asks for no password.</p>"
    );
    let (hinted, others): (Vec<_>, Vec<_>) =
        people.iter().partition(|person| hint.is_some_and(|hint| hint.eq_ignore_ascii_case(&person.email)));
    section(&mut page, "Continue as", &hinted, request);
    for (title, directory) in [("Employees (Okta)", Directory::Okta), ("Partner (Entra)", Directory::Entra)] {
        let members: Vec<_> = others.iter().filter(|person| person.directory == directory).copied().collect();
        section(&mut page, title, &members, request);
    }
    page.push_str("</main></body></html>");
    page
}

fn section(page: &mut String, title: &str, people: &[&Person], request: &str) {
    if people.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(page, "<h2>{}</h2><ul class=\"people\">", escaped(title));
    for person in people {
        let groups = if person.groups.is_empty() { "no groups".to_owned() } else { person.groups.join(", ") };
        let _ = write!(
            page,
            "<li><form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"request\" value=\"{}\">\
             <button name=\"person\" value=\"{}\">{}<small>{}, {}</small><small>{}</small></button></form></li>",
            escaped(request),
            escaped(&person.external_id),
            escaped(&person.name()),
            escaped(&person.title),
            escaped(&person.department),
            escaped(&groups),
        );
    }
    page.push_str("</ul>");
}

/// A page that says one thing.
pub(super) fn message(title: &str, text: &str) -> String {
    format!("{HEAD}<h1>{}</h1><p>{}</p></main></body></html>", escaped(title), escaped(text))
}

/// A text as it may stand between tags and in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_request_becomes_markup() {
        let page = choose(&crate::lab::people::everybody(), "state=\"><script>alert('1')</script>&x", None);
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("state=&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;x"), "{page}");
    }
}
