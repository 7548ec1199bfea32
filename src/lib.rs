//! castgate: an SSO and SCIM identity-provisioning gateway for Cast AI organizations.
//!
//! Identity providers push people and groups over SCIM 2.0; employees sign in over OpenID Connect; a mapping config turns
//! what the provider says into Cast AI roles, at organization or cluster scope. Services behind the gateway are told who it
//! is and what they may do, until the provider deactivates the person: then the very next request is refused.
//!
//! # The map
//!
//! A module uses only modules on lines above its own: no sideways, no cycles. `tests/architecture` holds it.
//!
//! | line | modules | what |
//! |---|---|---|
//! | 0 | [`model`] | the nouns, plain data |
//! | 1 | [`filter`] | RFC 7644 filters and paths: parse, print, evaluate, say how near a miss was |
//! | 2 | [`access`], [`scim`] | who may what, and who is who; the SCIM protocol without HTTP |
//! | 3 | [`mapping`] | facts → grants, with provenance and near misses |
//! | 4 | [`plan`], [`blueprint`] | current and wanted → diff, objections, impact; a whole organization as a document |
//! | | *above: pure — no async, no clock, no randomness, no I/O; `now` is a parameter* | |
//! | 5 | [`config`] | settings as data |
//! | 6 | [`telemetry`], [`crypto`], [`net`] | logs and the request line; keys, tokens, sealing; the guarded HTTP client |
//! | 7 | [`store`], [`cache`], [`mail`], [`sso`] | one adapter for each thing outside; never each other |
//! | 8 | [`app`] | the use cases; the only place where adapters meet |
//! | 9 | [`http`], [`worker`], [`lab`] | requests; work that nobody waits for; the demo's identity provider |
//! | 10 | [`cli`] | commands; `main.rs` calls it |
//!
//! # The laws
//!
//! 1. **The organization is in every key.** A query without one does not type-check. Global are only an organization's slug,
//!    the hashes of credentials, and a verified domain.
//! 2. **One funnel.** Everything that changes who may do what runs through [`app`]'s funnel: load facts → evaluate the mapping
//!    → diff → guard the owners → write rows, events, outbox and revocations in one transaction → tell the caches. A plan is the
//!    same funnel without its last step.
//! 3. **[`App::begin`](app::App::begin) is the only way to a change**, and authorises it; [`Work::commit`](app::Work::commit)
//!    refuses a change that no event tells of.
//! 4. **An answer goes out after the commit is on disk**, and after this node's caches have forgotten what it ended.
//! 5. **Membership is rows.** Adding one member costs the same in a group of ten and of a hundred thousand.
//! 6. **Bindings, memberships and facts are closed, never deleted.**
//! 7. **One SQL text for both engines**, and one conformance suite.
//! 8. **Only `http` knows status codes.** Errors are small enums; matches have no `_`.
//! 9. **Time and ids come from [`app::Clock`]**, fixed and seeded in tests.
//!
//! # Walkthroughs
//!
//! **Okta deactivates somebody.** `PATCH /scim/v2/Users/usr_…` arrives at [`http`], which finds the connection by the bearer
//! token, parses the body into a [`scim::Patch`] and calls [`App::patch_user`](app::App::patch_user). That begins a unit of
//! work as the connection, applies the pure patch to the stored document, sees the state change and calls `end_access`, the one
//! function that ends access: sessions closed, session epoch moved on, owners guarded. Row, facts, events and outbox commit
//! together; then the caches are told; then the answer goes out. The next `/auth/verify` finds nothing. In the same commit lies
//! the request's line of the provisioning log: verdict, change, what it got away with ([`app::Attempt`]).
//!
//! **An employee signs in.** `/login` finds the connection by the address's verified domain. [`sso::Oidc`] makes the
//! provider's address; what must come back is sealed into a cookie of this browser. The provider's answer becomes an
//! [`sso::Identity`]; a SAML provider's, which comes by a form to the connection's own address and is verified by [`sso::saml`],
//! becomes the same. [`access::who::decide`] says whom it is; claims become facts; the funnel settles what rules give; a
//! session begins, and opens only the terms until they are accepted. Whatever comes of it leaves a trace
//! ([`model::SignInTrace`], one shape for every protocol): somebody who fails reads its code from the page, and an admin finds by it
//! why, and what to do. A connection's test ([`App::test_connection`](app::App::test_connection)) is the same journey, undone before
//! it is done.
//!
//! **A domain becomes the organization's.** A connection's settings claim it; nothing rests on that until the domain's DNS says the
//! same ([`App::verify_domain`](app::App::verify_domain)), which is asked again every day. Once an owner has tested the connection,
//! single sign-on may be enforced for the domain: [`Work`](app::Work) signs out who is in by another way, and the owner guard has its say.
//!
//! **An owner publishes a mapping.** [`mapping::check`] compiles the text against the organization as it is, and reports every
//! mistake with line and column. [`App::plan_mapping`](app::App::plan_mapping) looks at everybody on a snapshot, in pieces: what the
//! rules want of every group and person is diffed against what rules gave; people's access before and after is the impact, with the
//! rule that does it; the owner guard has its say. [`App::publish`](app::App::publish) looks at everybody on a snapshot too, so that nobody
//! waits to write meanwhile; inside of one transaction it looks again at those of whom events tell since, refuses what has become worse
//! than its plan showed, and makes it the version in force. Every version stays; going back is publishing an old one. [`App::replay_mapping`](app::App::replay_mapping) runs the last days under a draft.
//!
//! **An organization is kept in a repository.** [`App::export_configuration`](app::App::export_configuration) writes it as a document
//! in which nothing is an id. [`blueprint::read_document`] reads one with line and column for every mistake, [`blueprint::compare`] makes
//! changes of it, and each is the same step as anywhere else. [`App::plan_configuration`](app::App::plan_configuration) takes the steps and
//! what they do to everybody, and undoes them; [`App::configure`](app::App::configure) takes them in one transaction.
//!
//! **Somebody's role changes.** [`App::preview_role_change`](app::App::preview_role_change) makes the change, sees which API keys
//! it touches, and undoes it; whoever asked reads each key with its last use and what would stop. [`App::change_roles`](app::App::change_roles)
//! makes it again with the preview's token and a choice for each key: delete, keep, move to a service account with the same
//! secret, rotate. Touches it other keys by now, nothing happens. What a machine changes is found afterwards: the key carries
//! less at once, its owner and the organization's owners get a letter, and it is deleted after the grace.
//!
//! **Somebody asks why.** [`App::why`](app::App::why) reads what counted at a moment, now or then: rows that are closed and never
//! deleted, the mapping that was in force, states and names as events tell of them. Each way from the capability back is a
//! [`mapping::Grounds`]: role, binding, group, the rule with its line, the provider's request. Where there is none,
//! [`mapping::Lacking`] says what the nearest rules wait for, and which group is one letter off.
//!
//! **A provider makes a mistake.** Nothing is held back. A few seconds later the breaker ([`App::look_for_accidents`](app::App::look_for_accidents))
//! sees an unusual share gone and writes to the owners; [`App::preview_undo`](app::App::preview_undo) shows what a span's undo would restore,
//! and [`App::undo`](app::App::undo) restores exactly that, by statements over sets. Groups that come back under other ids find their
//! tombstones by name. Each end of access leaves a signed [`app::AccessReceipt`].
//!
//! **Somebody else has to know.** A sealed event is the outbox: each webhook has a place in the order of events up to which it was told
//! ([`App::deliver_to`](app::App::deliver_to)), and the feed ([`App::event_feed`](app::App::event_feed)) is the same order for whoever
//! asks. The other way round a provider's security event ([`sso::security_event`]) arrives at [`App::accept_signal`](app::App::accept_signal),
//! counts once, and ends sessions and access by the same functions. One that says nothing for too long is noticed
//! ([`App::look_for_silence`](app::App::look_for_silence)).
//!
//! **Cast AI has a new cluster.** An organization gave a key for its account there ([`App::connect_cast_ai`](app::App::connect_cast_ai));
//! [`worker`] has it asked from time to time ([`App::read_due_clusters`](app::App::read_due_clusters)), and a person at once
//! ([`App::read_clusters`](app::App::read_clusters)). What a list means is decided purely and for all of it: an id is the same cluster,
//! a name alone never hands roles on. What is new is declared, what is gone is marked, and rules are evaluated again in the same commit.
//!
//! **Somebody reviews who holds what.** [`App::start_access_review`](app::App::start_access_review) looks for accounts, keys,
//! invitations and roles that nobody uses, by what castgate recorded of uses itself, and keeps each finding with its evidence.
//! People decide; [`App::apply_access_review`](app::App::apply_access_review) does what was decided, each change by itself and by
//! a preview of the keys that it touches, and refuses what was used since. [`App::change_members`](app::App::change_members)
//! changes several people in the same way.
//!
//! **Somebody is invited.** [`App::invite`](app::App::invite) weighs each address and what the inviter holds, stores the link's hash
//! and seals the letter beside it; [`worker`] hands the letter to [`mail`] after the commit. The link's page changes nothing; its
//! button begins a sign-in that carries the invitation. Whoever comes back as whom it was sent to
//! ([`access::who::consumes`]) gets what the inviter may give at that moment, in the transaction that makes them a user.
//!
//! **Somebody signs in with a password.** It was chosen by a link that was mailed ([`App::choose_password`](app::App::choose_password),
//! or with an invitation). [`App::sign_in_by_password`](app::App::sign_in_by_password) counts the attempt in the store, where all nodes
//! count, does one slow hash whoever is meant, and answers every reason alike; admins read it from the trace. The code of an
//! authenticator app is used up in the transaction that opens the session. Where single sign-on is enforced, none of it opens anything.
//!
//! **Somebody wants to be forgotten.** [`App::plan_erasure`](app::App::plan_erasure) looks at a snapshot: what would go is shown,
//! and what would mention them still. [`App::erase_person`](app::App::erase_person) does it with their name repeated. Their id
//! stays and is nobody's; the details of events that say more are taken out, and their hashes stay, as an event of erasure says
//! that is in the chain itself ([`app::Auditor`]).
//!
//! **A service behind the gateway asks.** `/auth/verify` turns a cookie or a key into a [`Visit`](app::Visit): from the cache
//! if it was made within the lease and nothing was revoked since, else from the store. The answer is a status, identity headers
//! and a JWT that lives a minute at most.
//!
//! # Where to find it
//!
//! A noun is in [`model`], a verb in [`app`], a protocol detail in [`scim`] or [`sso`], a page or route in [`http`], SQL in
//! [`store`]. What exactly could grant Owner is answered by three small pure modules: [`access`], [`mapping`], [`plan`].

pub mod model;

pub mod filter;

pub mod access;
pub mod scim;

pub mod mapping;

pub mod blueprint;
pub mod plan;

pub mod config;

pub mod crypto;
pub mod net;
pub mod telemetry;

pub mod cache;
pub mod mail;
pub mod sso;
pub mod store;

pub mod app;

pub mod http;
pub mod lab;
pub mod worker;

pub mod cli;
