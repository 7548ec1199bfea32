//! The registry: every route is declared here once, and nowhere else can one be made.
//!
//! A room lists its doors; a door is a handler with what is said of it ([`Declared`]). The router, the limits of bodies, the
//! OpenAPI document and the tests that call every route as everybody are all made of that one list. Whether somebody may is
//! still decided by `App::begin`; that the declaration says the same is tested.

mod declared;

pub use declared::{Answered, BodyLimit, Caller, Declared, OrganizationFrom, SchemaOf, Taken};

use super::once;
use crate::{
    app::{App, Need},
    model::EventKind,
};
use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware,
    routing::{MethodRouter, any, delete as deletes, get as gets, patch as patches, post as posts, put as puts},
};
use schemars::JsonSchema;
use serde_json::Value;

/// What `every` declares. The handler gets other methods too.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const JSON: &str = "application/json";

/// How many bytes of a body are read. In the extensions of a request whose route reads one.
#[derive(Debug, Clone, Copy)]
pub(super) struct MostBytes(pub(super) usize);

/// Puts what stands before a room's doors in its place, by `route_layer`: the addresses that no room knows are not behind it.
type Guard = fn(Router<App>, &App) -> Router<App>;

/// The doors of one room.
#[derive(Debug)]
pub(super) struct Doors {
    prefix: &'static str,
    noun: &'static str,
    who: Caller,
    organization: OrganizationFrom,
    guard: Option<Guard>,
    all: Vec<Door>,
    /// What answers where there is no door.
    otherwise: Vec<(&'static str, MethodRouter<App>)>,
}

impl Doors {
    /// A room whose addresses all begin with `prefix` (`""`: none), and whose doors answer these callers unless one says
    /// otherwise.
    pub(super) fn at(prefix: &'static str, noun: &'static str, who: Caller) -> Self {
        let organization = match who {
            Caller::Anyone => OrganizationFrom::Nothing,
            Caller::SignedIn | Caller::SessionOrKey | Caller::Key => OrganizationFrom::Credential,
            Caller::ScimToken => OrganizationFrom::Token,
        };
        Self { prefix, noun, who, organization, guard: None, all: Vec::new(), otherwise: Vec::new() }
    }

    /// The doors behind this belong to another noun.
    pub(super) fn about(mut self, noun: &'static str) -> Self {
        self.noun = noun;
        self
    }

    /// One more door.
    pub(super) fn door(mut self, mut door: Door) -> Self {
        for declared in &mut door.declared {
            declared.path.insert_str(0, self.prefix);
            declared.noun = self.noun;
        }
        if !door.for_others {
            door = door.who(self.who).organization(self.organization);
        }
        self.all.push(door);
        self
    }

    /// At these addresses there is nothing, which the room says in its own words. An address with a door is not among them.
    pub(super) fn otherwise<H: Handler<T, App>, T: 'static>(mut self, paths: &[&'static str], handler: H) -> Self {
        let handler = any(handler);
        self.otherwise.extend(paths.iter().map(|path| (*path, handler.clone())));
        self
    }

    /// Something stands before all of these doors, and before the 404 of the room as well.
    pub(super) fn behind(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// What is said of each door.
    pub(super) fn declared(self) -> impl Iterator<Item = Declared> {
        self.all.into_iter().flat_map(|door| door.declared)
    }

    /// The room as a router.
    pub(super) fn router(self, app: &App) -> Router<App> {
        let mut router = Router::new();
        for door in self.all {
            let is_replayed = door.declared.iter().any(Declared::is_replayed);
            let handler = match is_replayed {
                true => door.handler.layer(middleware::from_fn_with_state(app.clone(), once::answer)),
                false => door.handler,
            };
            let most = door.declared.iter().find_map(|declared| declared.body.bytes(app.settings()));
            let handler = match most {
                Some(most) => handler.layer((DefaultBodyLimit::max(most), Extension(MostBytes(most)))),
                None => handler,
            };
            router = router.route(&[self.prefix, door.path].concat(), handler);
        }
        for (path, handler) in self.otherwise {
            router = router.route(&[self.prefix, path].concat(), handler);
        }
        match self.guard {
            Some(guard) => guard(router, app),
            None => router,
        }
    }
}

/// One address and what answers there.
#[derive(Debug)]
pub(super) struct Door {
    path: &'static str,
    handler: MethodRouter<App>,
    declared: Vec<Declared>,
    for_others: bool,
}

/// `GET`, and HEAD with it.
pub(super) fn get<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&["GET"], path, gets(handler))
}

/// `POST`, with a body.
pub(super) fn post<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&["POST"], path, posts(handler)).reads(BodyLimit::Usual)
}

/// `PUT`, with a body.
pub(super) fn put<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&["PUT"], path, puts(handler)).reads(BodyLimit::Usual)
}

/// `PATCH`, with a body.
pub(super) fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&["PATCH"], path, patches(handler)).reads(BodyLimit::Usual)
}

/// `DELETE`
pub(super) fn delete<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&["DELETE"], path, deletes(handler))
}

/// Every method.
pub(super) fn every<H: Handler<T, App>, T: 'static>(path: &'static str, handler: H) -> Door {
    Door::new(&METHODS, path, any(handler))
}

impl Door {
    fn new(methods: &[&'static str], path: &'static str, handler: MethodRouter<App>) -> Self {
        let declare = |method| Declared {
            method,
            path: path.to_owned(),
            noun: "",
            summary: "",
            detail: "",
            who: Caller::Anyone,
            organization: OrganizationFrom::Nothing,
            need: None,
            body: BodyLimit::Unread,
            tells: Vec::new(),
            parts: Vec::new(),
            query: None,
            takes: Vec::new(),
            example: None,
            answers: Vec::new(),
            refuses: Vec::new(),
        };
        let declared = methods.iter().copied().map(declare).collect();
        Self { path, handler, declared, for_others: false }
    }

    fn say(mut self, say: impl Fn(&mut Declared)) -> Self {
        self.declared.iter_mut().for_each(say);
        self
    }

    fn who(self, who: Caller) -> Self {
        self.say(|declared| declared.who = who)
    }

    fn organization(self, from: OrganizationFrom) -> Self {
        self.say(|declared| declared.organization = from)
    }

    /// Answers others than the room's other doors do.
    pub(super) fn answers_to(mut self, who: Caller, from: OrganizationFrom) -> Self {
        self.for_others = true;
        self.who(who).organization(from)
    }

    /// What it does, in half a line.
    pub(super) fn summary(self, summary: &'static str) -> Self {
        self.say(|declared| declared.summary = summary)
    }

    /// What else is worth knowing.
    pub(super) fn detail(self, detail: &'static str) -> Self {
        self.say(|declared| declared.detail = detail)
    }

    /// What `App::begin` or `App::read` weighs.
    pub(super) fn needs(self, need: impl Into<Need>) -> Self {
        let need = need.into();
        self.say(|declared| declared.need = Some(need))
    }

    /// How much of a body is read, where it is not what the method has by itself.
    pub(super) fn reads(self, limit: BodyLimit) -> Self {
        self.say(|declared| declared.body = limit)
    }

    /// The kinds of events that it may write.
    pub(super) fn tells(self, kinds: &[EventKind]) -> Self {
        self.say(|declared| declared.tells = kinds.to_vec())
    }

    /// The type of a part in braces.
    pub(super) fn part<T: JsonSchema>(self, name: &'static str) -> Self {
        self.say(|declared| declared.parts.push((name, SchemaOf::of::<T>())))
    }

    /// What may stand behind the question mark.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        self.say(|declared| declared.query = Some(SchemaOf::of::<T>()))
    }

    /// A JSON body, and one that works.
    pub(super) fn takes<T: JsonSchema>(self, example: fn() -> Value) -> Self {
        self.takes_as::<T>(JSON).say(|declared| declared.example = Some(example))
    }

    /// A body of another media type.
    pub(super) fn takes_as<T: JsonSchema>(self, media: &'static str) -> Self {
        self.say(|declared| declared.takes.push(Taken { media, schema: SchemaOf::of::<T>() }))
    }

    /// A JSON answer.
    pub(super) fn answers<T: JsonSchema>(self, status: u16) -> Self {
        self.say(|declared| {
            declared.answers.push(Answered { status, media: Some(JSON), schema: Some(SchemaOf::of::<T>()) });
        })
    }

    /// An answer of another media type, or without a body.
    pub(super) fn answers_as(self, status: u16, media: Option<&'static str>) -> Self {
        self.say(|declared| declared.answers.push(Answered { status, media, schema: None }))
    }

    /// Codes of refusals that are this route's own.
    pub(super) fn refuses(self, codes: &'static [&'static str]) -> Self {
        self.say(|declared| declared.refuses.extend(codes))
    }
}
