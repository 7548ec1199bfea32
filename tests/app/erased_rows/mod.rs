//! A person is erased who left something in every place that there is: what goes, what stays, and that nobody else loses anything.
//! Which places there are, the schema says: a new column has to be thought of here.

mod nobodys;
mod planted;
mod schema;

use crate::{
    harness::{World, everywhere, found},
    invitations::wish,
};
use castgate::{
    app::{Auditor, Erasure, KeyChange, Tried, Whence},
    model::{Holder, JobId, Role, RoleId, Subject, UserId},
};
use nobodys::unconsidered;
use planted::{Fate, ROWS, Why};
use schema::{Dump, Kind, Place, Tables, changes, dump, insert, tables, texts};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Where the id stays besides, as use cases write it: in the row of nobody any more, there also in the place of the name, and in
/// the events of what was done.
const ID_STAYS: &[&str] = &[
    "users.id",
    "users.user_name",
    "users.user_name_folded",
    "event_subjects.subject",
    "events.actor",
    "events.detail",
];

/// What the person's row loses: everything but the id.
const OF_THE_PERSON: &[&str] = &[
    "display_name",
    "document",
    "email",
    "email_folded",
    "erased_at",
    "external_id",
    "user_name",
    "user_name_folded",
    "version",
];
/// What an event loses.
const OF_AN_EVENT: &[&str] = &["detail", "detail_hash", "erased_by", "salt"];

/// What somebody is called, and what there is of them.
struct Known {
    me: UserId,
    words: BTreeMap<&'static str, String>,
}

/// Of these a text says whose it is; `<nick>` and `<word>` may mean others.
const NAMES: &[&str] =
    &["<mail>", "<name>", "<phone>", "<sub>", "<fact>", "<old>", "<tried>", "<verified>", "<linked>"];
const IDS: &[&str] = &["<me>", "<key>", "<moved>", "<accepted>", "<invited>"];

impl Known {
    /// Somebody whom a provider pushes.
    async fn arrive(world: &World, first: &str, theirs: &str) -> Self {
        let mail = format!("{first}.kovacs@acme.test");
        let name = format!("{first} Kovács");
        let (known_by, nick, phone) = (format!("{first}kov"), format!("{first}the"), format!("+46 70 {first} 66 01"));
        let body = json!({
            "userName": mail, "externalId": known_by, "displayName": name, "nickName": nick,
            "emails": [{"value": mail, "primary": true}], "phoneNumbers": [{"value": phone}],
        });
        let me = world.create(body).await.unwrap().id;
        let mut words: BTreeMap<&'static str, String> = BTreeMap::from([
            ("<me>", me.to_string()),
            ("<near>", format!("d{mail}")),
            ("<mail>", mail),
            ("<name>", name),
            ("<word>", known_by),
            ("<nick>", nick),
            ("<phone>", phone),
            ("<theirs>", theirs.to_owned()),
            ("<from>", format!("203.0.113.{}", first.as_bytes()[0])),
        ]);
        for only in ["<sub>", "<fact>", "<old>", "<tried>", "<verified>", "<linked>"] {
            words.insert(only, format!("{first}.{}@home.test", only.trim_matches(['<', '>'])));
        }
        for id in ["<key>", "<moved>", "<accepted>", "<invited>"] {
            words.insert(id, format!("{}_of_{first}", id.trim_matches(['<', '>'])));
        }
        Self { me, words }
    }

    /// Leaves what only a use case writes: events that mention them, and wrong guesses at their password.
    async fn live(&self, world: &World) {
        let (name, mail) = (&self.words["<name>"], &self.words["<mail>"]);
        let herself = world.as_user(&self.me);
        world.give(Subject::User(self.me.clone()), Role::OWNER, None).await.unwrap();
        let key = world.app.create_key(&herself, "agent", None).await.unwrap().key;
        let change = KeyChange { name: Some(format!("laptop of {name}")), active: None };
        world.app.change_key(&herself, (&Holder::User(self.me.clone()), &key.id), &change).await.unwrap();
        // The letter says who invites; it is sealed.
        let guest = format!("guest.of.{}@elsewhere.test", self.words["<word>"]);
        world.app.invite(&herself, vec![wish(&guest, Role::VIEWER)], None).await.unwrap().remove(0).unwrap();
        let owner = world.as_user(&world.tenant.owner);
        world.app.create_key(&owner, &format!("for {mail}"), None).await.unwrap();
        let password = "wrong and long".to_owned().into();
        let tried = Tried { slug: "acme", email: mail, password, device: None, return_to: "/" };
        world.app.sign_in_by_password(tried, &Whence::default()).await.unwrap();
    }

    fn filled(&self, text: &str, world: &World) -> String {
        // Ids that are read on the way.
        let uuid = || world.app.clock().uuid();
        let text = match text {
            "<job>" => JobId::from_uuid(uuid()).to_string(),
            "<role>" => RoleId::from_uuid(uuid()).to_string(),
            text => text.to_owned(),
        };
        self.words.iter().fold(text, |text, (mark, word)| text.replace(mark, word))
    }

    fn says(&self, text: &str, marks: &[&str]) -> bool {
        let near = &self.words["<near>"];
        let text = text.to_lowercase().replace(&near.to_lowercase(), "");
        marks.iter().any(|mark| text.contains(&self.words[mark].to_lowercase()))
    }
}

/// Where each row about somebody lies, and what becomes of it.
type Planted = Vec<(Place, Fate)>;

/// Puts every row about somebody into its table.
async fn plant(world: &World, of: &Known, erased: bool) -> Planted {
    let mut tx = world.store.write("test").await.unwrap();
    let tables = tables(&mut tx).await;
    let mut planted = Vec::new();
    for (number, row) in ROWS.iter().enumerate() {
        // Some tables take one row of an organization alone.
        if matches!(row.fate, Fate::Told) && !erased {
            continue;
        }
        let mut says: BTreeMap<&str, String> =
            row.says.iter().map(|(column, text)| (*column, of.filled(text, world))).collect();
        says.insert("organization", world.tenant.organization.to_string());
        let number = i64::try_from(number).unwrap() + if erased { 1_000 } else { 2_000 };
        planted.push((insert(&mut tx, (&tables, row.table), &says, number).await, row.fate));
    }
    tx.commit().await.unwrap();
    planted
}

async fn seal(world: &World) {
    while world.store.read().await.unwrap().organization_to_seal("").await.unwrap().is_some() {
        world.app.seal_events().await.unwrap();
    }
}

async fn look(world: &World) -> (Tables, Dump) {
    let mut tx = world.store.read().await.unwrap();
    let tables = tables(&mut tx).await;
    let dump = dump(&mut tx, &tables).await;
    (tables, dump)
}

/// Two people who left the same everywhere, of whom one is erased.
struct Erased {
    tables: Tables,
    before: Dump,
    after: Dump,
    ada: Known,
    /// Where the rows about her lie, and about the other one.
    planted: (Planted, Planted),
    plan: Erasure,
    done: Erasure,
}

impl Erased {
    async fn on(world: &World) -> Self {
        let owner = world.as_user(&world.tenant.owner);
        found(&world.app, "other").await;
        let eve = Known::arrive(world, "Eve", "owner@acme.test").await;
        let ada = Known::arrive(world, "Ada", &eve.words["<mail>"].to_lowercase()).await;
        for person in [&ada, &eve] {
            person.live(world).await;
        }
        world.delete(&ada.me).await.unwrap();
        let planted = (plant(world, &ada, true).await, plant(world, &eve, false).await);
        // Uses that are only counted yet are a part of what would go; then that the owner looked is one too.
        world.app.write_key_uses().await.unwrap();
        let plan = world.app.plan_erasure(&owner, &ada.me).await.unwrap();
        world.app.write_key_uses().await.unwrap();
        seal(world).await;
        let (tables, before) = look(world).await;
        let confirm = plan.confirm.clone().unwrap();
        let done = world.app.erase_person(&owner, &ada.me, &plan.plan, &confirm).await.unwrap();
        let (_, after) = look(world).await;
        Self { tables, before, after, ada, planted, plan, done }
    }
}

impl Erased {
    /// Where something is said, and in which column.
    fn cells<'d>(&'d self, dump: &'d Dump, says: impl Fn(&str) -> bool) -> Vec<(&'d Place, &'d str)> {
        let cells = texts(&self.tables, dump).into_iter().filter(|(.., text)| says(text));
        cells.map(|(place, column, _)| (place, column.name.as_str())).collect()
    }

    /// The rows that a search for her names finds afterwards, as a part of a longer word too.
    fn rows_mentioning(&self) -> BTreeSet<&Place> {
        let mentions = |text: &str| {
            let text = text.to_lowercase();
            NAMES.iter().any(|mark| text.contains(&self.ada.words[mark].to_lowercase()))
        };
        self.cells(&self.after, mentions).into_iter().map(|(place, _)| place).collect()
    }
}

/// What is to become of a row; none: nothing.
fn columns_lost(fate: Fate, erased: bool) -> Option<&'static [&'static str]> {
    match fate {
        Fate::Gone if erased => Some(&[]),
        Fate::Blanked(columns) if erased => Some(columns),
        Fate::BlankedForAll(columns) => Some(columns),
        Fate::Gone | Fate::Blanked(_) | Fate::Stays(_) | Fate::Told => None,
    }
}

fn planted_rows_fare_as_said(erased: &Erased, changed: &mut BTreeMap<Place, Vec<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    let (hers, others) = &erased.planted;
    for (place, fate, of_erased) in hers
        .iter()
        .map(|(place, fate)| (place, *fate, true))
        .chain(others.iter().map(|(place, fate)| (place, *fate, false)))
    {
        let is = changed.remove(place);
        let is = is.as_ref().map(|columns| columns.iter().map(String::as_str).collect::<BTreeSet<_>>());
        let should = columns_lost(fate, of_erased).map(|columns| columns.iter().copied().collect());
        if is != should {
            let whose = if of_erased { "hers" } else { "the other's" };
            wrong.push(format!("{whose}, {fate:?}: lost {is:?} in {place:?}: {:?}", erased.before[place]));
        }
    }
    wrong
}

/// What changed that only use cases wrote: the table, and the columns that lost something; none: the row is gone.
const BY_USE_CASES: &[(&str, &[&str])] = &[
    ("api_keys", &[]),
    ("api_keys", &["name"]),
    ("capability_uses", &[]),
    ("events", OF_AN_EVENT),
    ("facts", &[]),
    ("letters", &[]),
    ("sign_ins", &[]),
    ("throttles", &[]),
    ("users", OF_THE_PERSON),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_takes_every_row_about_one_person_and_none_of_another() {
    everywhere(async |world| {
        let erased = Erased::on(world).await;
        let (mut changed, new) = changes(&erased.tables, &erased.before, &erased.after);
        let mut by_table: BTreeMap<String, u64> = BTreeMap::new();
        for (table, _) in
            changed.keys().filter(|(table, _)| !["events", "throttles", "users"].contains(&table.as_str()))
        {
            *by_table.entry(table.clone()).or_default() += 1;
        }
        let wrong = planted_rows_fare_as_said(&erased, &mut changed);
        assert!(wrong.is_empty(), "{}:\n{}", world.engine(), wrong.join("\n"));
        // What use cases left of her goes too. What is sealed, or a hash, does not show of whom it is.
        let besides: BTreeSet<(&str, BTreeSet<&str>)> = changed
            .iter()
            .map(|((table, _), lost)| (table.as_str(), lost.iter().map(String::as_str).collect()))
            .collect();
        let should = BY_USE_CASES.iter().map(|(table, lost)| (*table, lost.iter().copied().collect())).collect();
        assert_eq!(besides, should, "{}", world.engine());
        let hers = erased.cells(&erased.before, |text| erased.ada.says(text, NAMES) || erased.ada.says(text, IDS));
        let hers: BTreeSet<&Place> = hers.into_iter().map(|(place, _)| place).collect();
        for place in changed.keys().filter(|(table, _)| !["letters", "throttles"].contains(&table.as_str())) {
            assert!(hers.contains(place), "{}: {place:?} is not hers: {:?}", world.engine(), erased.before[place]);
        }
        for table in ["letters", "throttles"] {
            let lost = changed.keys().filter(|(of, _)| of == table).count();
            assert_eq!(lost, 1, "{}: {table}", world.engine());
        }
        let new: BTreeSet<&str> = new.iter().map(|(table, _)| table.as_str()).collect();
        assert_eq!(new, BTreeSet::from(["events", "event_subjects"]), "{}", world.engine());
        // And whoever erased was told so before.
        let (plan, done) = (&erased.plan, &erased.done);
        assert_eq!((&plan.rows, plan.events, &plan.left), (&done.rows, done.events, &done.left), "{}", world.engine());
        assert_eq!(plan.rows, by_table, "{}", world.engine());
        let events = changed.keys().filter(|(table, _)| table == "events").count();
        assert_eq!(plan.events, i64::try_from(events).unwrap(), "{}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erasure_no_column_names_the_person_and_the_chain_holds() {
    everywhere(async |world| {
        let erased = Erased::on(world).await;
        let columns = |marks: &[&str]| -> BTreeSet<String> {
            let cells = erased.cells(&erased.after, |text| erased.ada.says(text, marks));
            cells.into_iter().map(|(place, column)| format!("{}.{column}", place.0)).collect()
        };
        let planted = |is_so: &dyn Fn(Fate) -> bool, marks: &[&str]| -> BTreeSet<String> {
            let rows = ROWS.iter().filter(|row| is_so(row.fate));
            let cells = rows.flat_map(|row| row.says.iter().map(|(column, text)| (row.table, *column, *text)));
            let cells = cells.filter(|(.., text)| marks.iter().any(|mark| text.contains(mark)));
            cells.map(|(table, column, _)| format!("{table}.{column}")).collect()
        };
        // Only what somebody wrote about something else, and that was told.
        assert_eq!(columns(NAMES), planted(&|fate| matches!(fate, Fate::Told), NAMES), "{}", world.engine());
        let mut mentioning: BTreeMap<String, i64> = BTreeMap::new();
        for (table, _) in erased.rows_mentioning() {
            *mentioning.entry(table.clone()).or_default() += 1;
        }
        assert_eq!(erased.done.left, mentioning, "{}", world.engine());
        // The id stays where it says who held, gave, took and did what.
        let stays = |fate| matches!(fate, Fate::Stays(Why::TheIdAlone) | Fate::Told | Fate::Blanked(_));
        let mut ids = planted(&stays, &["<me>"]);
        ids.extend(ID_STAYS.iter().map(|column| (*column).to_owned()));
        assert_eq!(columns(&["<me>"]), ids, "{}", world.engine());

        seal(world).await;
        let keys = world.app.audit_keys().unwrap();
        let audit = Auditor::new(&world.store, &keys).verify(&world.tenant.organization, &[], |_| {}).await.unwrap();
        assert_eq!((audit.finding, audit.erased), (None, erased.done.events), "{}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_holds_something_of_the_person_or_is_known_to_hold_nothing_of_anybody() {
    everywhere(async |world| {
        let erased = Erased::on(world).await;
        let of_texts = |(table, columns): (&String, &Vec<schema::Column>)| -> Vec<String> {
            let texts = columns.iter().filter(|column| column.kind != Kind::Number);
            texts.map(|column| format!("{table}.{}", column.name)).collect()
        };
        let all: Vec<String> = erased.tables.iter().flat_map(of_texts).collect();
        let marks: Vec<&str> =
            erased.ada.words.keys().copied().filter(|mark| !["<theirs>", "<near>"].contains(mark)).collect();
        let filled = erased.cells(&erased.before, |text| erased.ada.says(text, &marks));
        let filled: BTreeSet<String> =
            filled.into_iter().map(|(place, column)| format!("{}.{column}", place.0)).collect();
        let (all, filled): (Vec<&str>, Vec<&str>) =
            (all.iter().map(String::as_str).collect(), filled.iter().map(String::as_str).collect());
        let wrong = unconsidered(&all, &filled);
        assert!(wrong.is_empty(), "{}:\n{}", world.engine(), wrong.join("\n"));
    })
    .await;
}
