//! The frame around every page. The door adds the headers that keep it in its place.

use super::STYLE_ADDRESS;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

/// How much room a page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Width {
    /// One question or one sentence.
    Narrow,
    /// Lists and documents.
    Wide,
}

/// One page.
#[derive(Debug)]
pub(in crate::http) struct Page<'a> {
    /// What the tab says, without our name.
    pub title: &'a str,
    /// Whose organization it is about, if that is known.
    pub organization: Option<&'a str>,
    /// How much room it takes.
    pub width: Width,
    /// Where the browser goes by itself.
    pub go_to: Option<&'a str>,
    /// What stands between head and foot.
    pub body: Markup,
}

impl Page<'_> {
    /// The page as an answer.
    pub(in crate::http) fn respond(&self, status: StatusCode) -> Response {
        (status, Html(self.markup().into_string())).into_response()
    }

    pub(super) fn markup(&self) -> Markup {
        let width = match self.width {
            Width::Narrow => "narrow",
            Width::Wide => "wide",
        };
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if let Some(target) = self.go_to {
                        meta http-equiv="refresh" content=(format!("0;url={target}"));
                    }
                    title { (self.title) " · castgate" }
                    link rel="stylesheet" href=(*STYLE_ADDRESS);
                    link rel="icon" type="image/svg+xml" href="/assets/castgate.svg";
                }
                body {
                    a class="skip" href="#main" { "Skip to the content" }
                    header class="top" {
                        a class="brand" href="/account" {
                            img src="/assets/castgate.svg" alt="" width="24" height="24";
                            "castgate"
                        }
                        @if let Some(organization) = self.organization {
                            span class="where" { (organization) }
                        }
                    }
                    main id="main" class=(width) { (self.body) }
                    footer class="foot" { "castgate decides who may do what, and says why." }
                }
            }
        }
    }
}
