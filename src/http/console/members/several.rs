//! One thing done with several members: chosen in the list, looked at, confirmed, and said of each.

use crate::{
    app::{App, Ctx, Error},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk, Failed, Sent},
            frame::{Page, Place},
            guard::told,
            parts::empty,
        },
        doors::{Doors, get, post},
    },
    model::{Capability, EventKind, UserId},
};
use axum::extract::{RawQuery, State};
use maud::{Markup, html};

/// People at once: a page of the list has fewer.
const MOST: usize = 100;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    let told = [
        EventKind::UserSuspended,
        EventKind::UserActivated,
        EventKind::UserChanged,
        EventKind::SessionEnded,
        EventKind::KeyRotationDue,
        EventKind::AccessChanged,
        EventKind::OwnerKept,
        EventKind::OrganizationOwned,
        EventKind::OrganizationOwnerless,
    ];
    room.door(
        get("/members/several", show)
            .summary("What is about to be done with several members")
            .needs(need)
            .answers_as(200, HTML),
    )
    .door(
        post("/members/several", act)
            .summary("Do one thing with several members")
            .needs(need)
            .tells(&told)
            .answers_as(200, HTML),
    )
}

/// What can be done with several people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Suspend,
    Reactivate,
    EndSessions,
}

impl Act {
    fn of(word: &str) -> Option<Self> {
        [Self::Suspend, Self::Reactivate, Self::EndSessions].into_iter().find(|act| act.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Reactivate => "reactivate",
            Self::EndSessions => "end-sessions",
        }
    }

    /// What the button says, and what it comes to.
    fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Suspend => (
                "Suspend",
                "Their sessions end and their API keys are refused at once. Nothing is deleted: reactivating gives everything back. \
                 Their provider cannot undo it.",
            ),
            Self::Reactivate => (
                "Reactivate",
                "They may sign in again and their keys work again. Who is inactive at their provider stays so.",
            ),
            Self::EndSessions => {
                ("Sign out everywhere", "Every session of theirs ends at once. They may sign in again; keys go on.")
            }
        }
    }

    async fn carry_out(self, app: &App, ctx: &Ctx, id: &UserId) -> Result<(), Error> {
        match self {
            Self::Suspend => app.set_member_suspended(ctx, id, true, None).await.map(drop),
            Self::Reactivate => app.set_member_suspended(ctx, id, false, None).await.map(drop),
            Self::EndSessions => app.end_sessions(ctx, id).await.map(drop),
        }
    }
}

/// The form that the boxes of the list belong to.
pub(super) fn bar() -> Markup {
    html! {
        form id="several" class="several" data-several="" method="get" action="/console/members/several" {
            label for="several-do" { "With those selected" }
            select id="several-do" name="do" class="little" {
                @for act in [Act::Suspend, Act::Reactivate, Act::EndSessions] { option value=(act.word()) { (act.said().0) } }
            }
            button type="submit" class="second little" { "Go on" }
            span class="quiet small" data-count="" role="status" {}
        }
    }
}

/// `GET /console/members/several?do=…&id=…&id=…`: looking changes nothing.
async fn show(State(app): State<App>, desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let query = query.unwrap_or_default();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let act = fields.iter().find(|(name, _)| name == "do").and_then(|(_, word)| Act::of(word)).unwrap_or(Act::Suspend);
    let ids = fields.iter().filter(|(name, _)| name == "id").filter_map(|(_, id)| id.parse::<UserId>().ok());
    let ids: Vec<UserId> = ids.take(MOST).collect();
    desk.needs(Capability::ManageMembers)?;
    let people = people(&app, &desk, &ids).await?;
    let (button, comes_to) = act.said();
    let body = html! {
        p class="crumbs" { a href="/console/members" { "Members" } }
        h1 { (button) ": " (people.len()) @if people.len() == 1 { " person" } @else { " people" } }
        @if people.is_empty() {
            (empty("Nobody is selected", &html! { p { a class="button" href="/console/members" { "Back to the members" } } }))
        } @else {
            p class="lead" { (comes_to) }
            form class="card" method="post" action="/console/members/several" {
                (desk.token())
                input type="hidden" name="do" value=(act.word());
                ul class="rows plain" {
                    @for (id, label) in &people {
                        li { p dir="auto" { (label) } input type="hidden" name="id" value=(id); }
                    }
                }
                div class="acts" {
                    button type="submit" class=(if act == Act::Reactivate { "" } else { "harm" }) { (button) }
                    a class="button second" href="/console/members" { "Cancel" }
                }
            }
        }
    };
    Ok(Page::new(&desk, Place::Members, button, body).ok())
}

async fn people(app: &App, desk: &Desk, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Failed> {
    let mut people = Vec::new();
    for id in ids {
        match app.member(&desk.ctx, id).await {
            Ok(user) => people.push((id.clone(), user.label().to_owned())),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(people)
}

/// `POST /console/members/several`. Each person by themselves: one who cannot be suspended does not keep the others.
async fn act(State(app): State<App>, sent: Sent) -> Answer {
    let desk = &sent.desk;
    let act = Act::of(sent.text("do")).ok_or_else(|| Error::invalid("do", "choose what is to be done"))?;
    let ids: Vec<UserId> = sent.all("id").take(MOST).filter_map(|id| id.parse().ok()).collect();
    let mut done = Vec::new();
    for (id, label) in people(&app, desk, &ids).await? {
        let problem = match act.carry_out(&app, &desk.ctx, &id).await {
            Ok(()) => None,
            Err(error) => Some(told(error)?),
        };
        done.push((id, label, problem));
    }
    let body = html! {
        p class="crumbs" { a href="/console/members" { "Members" } }
        h1 { (act.said().0) ": done" }
        ul class="rows plain" role="status" {
            @for (id, label, problem) in &done {
                li {
                    p { a href=(format!("/console/members/{id}")) dir="auto" { (label) } }
                    @match problem {
                        None => p { span class="state good" { "Done" } },
                        Some(problem) => p { span class="state bad" { (problem) } },
                    }
                }
            }
        }
        p class="pager" { a class="button second" href="/console/members" { "Back to the members" } }
    };
    Ok(Page::new(desk, Place::Members, act.said().0, body).ok())
}
