//! The HTML that every letter lies in: plain, readable in any mail program, and nothing loaded from anywhere.

use maud::{DOCTYPE, Markup, html};

/// A letter's HTML: what its program shows as title, its heading, and what comes below.
pub(super) fn sheet(title: &str, heading: &str, below: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
            }
            body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif" {
                div role="article" style="max-width:560px;margin:0 auto" {
                    h1 style="font-size:22px;line-height:1.3;margin:0 0 16px" { (heading) }
                    (below)
                }
            }
        }
    };
    page.into_string()
}

/// A button, and its address for programs that show none.
pub(super) fn button(link: &str, label: &str) -> Markup {
    html! {
        p style="margin:24px 0" {
            a href=(link) style="background:#0b5cad;color:#ffffff;padding:12px 20px;border-radius:6px;\
                                 text-decoration:none;display:inline-block" { (label) }
        }
        p { "The button does not work? Open this address: " br; a href=(link) { (link) } }
    }
}
