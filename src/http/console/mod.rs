//! The console: where admins see and change their organization, in a browser.
//!
//! Every page is made here, whole, and works without script; the one script makes some of them livelier. A handler takes a
//! [`Desk`](desk::Desk) (who looks) or a [`Sent`](desk::Sent) (a form whose token was checked), calls `app`, and answers with a
//! [`Page`](frame::Page). What goes wrong is said inside the frame, by the [`guard`]. What somebody may not do is not offered;
//! that it is refused when it is asked for all the same is decided by `app`.

mod accidents;
mod activity;
mod clusters;
mod connections;
mod desk;
mod flash;
mod frame;
mod given;
mod graph;
mod groups;
mod guard;
mod home;
mod keys;
mod machines;
mod mapping;
mod members;
mod owners;
mod parts;
mod receipts;
mod retry;
mod reviews;
mod role_changes;
mod roles;
mod settings;
mod times;
mod words;
mod you;

use super::doors::{Caller, Doors};

/// The media type of every page.
const HTML: Option<&str> = Some("text/html");
/// Rows of a page of a list.
const ROWS: usize = 50;

pub(super) fn doors() -> [Doors; 3] {
    let room = Doors::at("/console", "Console", Caller::SignedIn);
    let room = groups::doors(role_changes::doors(members::doors(room)));
    let room = you::doors(machines::doors(roles::doors(clusters::doors(room))));
    let room = graph::doors(settings::doors(activity::doors(mapping::doors(connections::doors(room)))));
    let room = owners::doors(receipts::doors(accidents::doors(reviews::doors(room))));
    [frame::assets(), home::doors(), room.otherwise(&["/{*rest}"], guard::nothing).behind(guard::door)]
}
