//! People are created: what is answered, what is taken, and who is refused.

use crate::cli::doctor::{
    answer::{Answer, Held, hold},
    ask::Ask,
    rule::{Rule, rules},
    samples::{ENTERPRISE, USER, with},
    visit::Visit,
};
use serde_json::json;

rules! {
    CREATED = Rule::rfc("create-201", "7644 §3.3",
        "POST answers 201 with the whole new user.",
        "Okta takes an empty body for a failure; without the id nobody can be changed afterwards.",
        "Answer 201 with what is stored now, id included.");
    LOCATION = Rule::rfc("create-location", "7644 §3.3",
        "201 has a Location, and meta.location is the same absolute address.",
        "Conformance suites and typed clients go where it points.",
        "Send both from one place.");
    META = Rule::rfc("create-meta", "7643 §3.1",
        "meta has resourceType, created and lastModified.",
        "Clients that compare by time see nothing change.",
        "Fill meta in every answer.");
    EXTERNAL_ID = Rule::rfc("external-id-is-kept", "7643 §3.1",
        "externalId comes back as it was sent.",
        "Entra, Rauthy and Canaille find their people by it; without it they create them again.",
        "Store it per connection and answer it always.");
    READ_BACK = Rule::rfc("create-is-read-back", "7644 §3.4.1",
        "GET gives what POST answered.",
        "Okta reads, edits and puts back: what GET lacks is lost.",
        "Answer both from the store.");
    CLIENT_ID = Rule::rfc("client-id-is-ignored", "7643 §3.1",
        "An id in a POST is ignored.",
        "Whoever may choose ids may choose somebody else's.",
        "Always make the id yourself.");
    PLAIN_JSON = Rule::habit("application-json-is-taken", "Google and Okta's submission test",
        "A body sent as application/json is taken.",
        "Google Workspace sends nothing else.",
        "Take application/json like application/scim+json.");
    NULLS = Rule::rfc("nulls-are-nothing", "7643 §2.5",
        "null and empty lists are the same as nothing.",
        "Entra's create is full of them.",
        "Drop them before you validate.");
    STRAYS = Rule::habit("unknown-attributes-are-ignored", "Entra, Rauthy and OneLogin",
        "Attributes that no schema knows do no harm.",
        "Rauthy sends “custom”, OneLogin what an admin misspelt: one such word and nobody is provisioned.",
        "Ignore them, and count them for the admin.");
    BLANKS = Rule::habit("empty-texts-are-nothing", "OneLogin and Okta",
        "Empty texts in optional attributes do no harm.",
        "OneLogin's templates fill what is not known with empty texts.",
        "Take them as no value.");
    PASSWORD = Rule::rfc("password-is-never-answered", "7643 §4.1.1",
        "A password that was sent never comes back.",
        "Okta and Canaille send one; it would lie in every log on the way.",
        "Drop it, or hash it; never answer it.");
    PASSWORD_TAKEN = Rule::habit("password-is-taken", "Okta and Canaille",
        "A user that comes with a password is created.",
        "Okta's create always has one; where it is refused nobody is provisioned.",
        "Take it and throw it away, where people sign in at their provider.");
    TWICE = Rule::rfc("duplicate-409", "7644 §3.3",
        "The same userName twice is 409 with uniqueness.",
        "authentik and Okta adopt or stop by this; two accounts for one person are a way round deprovisioning.",
        "Hold userName unique and answer 409, scimType uniqueness.");
    TWICE_FOLDED = Rule::rfc("duplicate-in-any-case-409", "7643 §4.1.1",
        "A userName that differs in case alone is a duplicate too.",
        "Ada@x and ada@x are one person with two accounts.",
        "Compare the folded name.");
    EXTENSION = Rule::rfc("extension-is-kept", "7643 §4.3",
        "The enterprise extension comes back as it was sent.",
        "Rules about departments rest on it.",
        "Store it under its URN, and name the URN in schemas.");
}

pub(super) async fn check(visit: &mut Visit) {
    let ada = visit.person("ada");
    let created = visit.make("/Users", &ada).await;
    visit.judge(&CREATED, &created, whole(&created, &ada["userName"]));
    let Some(id) = created.id() else {
        return visit.leave("nobody could be created");
    };
    let location = created.header("location").to_owned();
    let same = hold(created.at("/meta/location") == &json!(location) && location.starts_with("http"), || {
        format!("Location {location:?}, meta.location {}", created.at("/meta/location"))
    });
    visit.judge(&LOCATION, &created, same);
    let meta = ["/meta/resourceType", "/meta/created", "/meta/lastModified"];
    visit.judge(&META, &created, meta.into_iter().try_for_each(|pointer| created.has(pointer)));
    visit.judge(&EXTERNAL_ID, &created, created.says("/externalId", &ada["externalId"]));
    let read = visit.get(&format!("/Users/{id}")).await;
    let held = read.is(&[200]).and_then(|()| {
        ["/id", "/userName", "/name/givenName", "/emails/0/value", "/active", "/externalId"]
            .into_iter()
            .try_for_each(|pointer| read.says(pointer, created.at(pointer)))
    });
    visit.judge(&READ_BACK, &read, held);
    duplicates(visit).await;
    odd_bodies(visit).await;
    if visit.facts.enterprise {
        extension(visit).await;
    }
}

fn whole(created: &Answer, name: &serde_json::Value) -> Held {
    created.is(&[201])?;
    created.says("/userName", name)?;
    created.has("/id")?;
    let schemas = created.at("/schemas").as_array().is_some_and(|all| all.iter().any(|one| one == USER));
    hold(schemas, || format!("schemas is {}", created.at("/schemas")))
}

async fn duplicates(visit: &mut Visit) {
    // Another externalId: the same one may be a lost answer that is asked for again.
    let mut again = visit.person("ada");
    again["externalId"] = json!(format!("{}-other", visit.tag));
    let twice = visit.make("/Users", &again).await;
    visit.judge(&TWICE, &twice, twice.refuses(409, &["uniqueness"]));
    again["userName"] = json!(visit.user_name("ada").to_uppercase());
    let folded = visit.make("/Users", &again).await;
    visit.judge(&TWICE_FOLDED, &folded, folded.refuses(409, &["uniqueness"]));
}

async fn odd_bodies(visit: &mut Visit) {
    let chosen = with(visit.person("chosen"), &json!({"id": "castgate-doctor-chosen"}));
    let answer = visit.make("/Users", &chosen).await;
    let own = hold(answer.json["id"] != "castgate-doctor-chosen", || "the id is the client's".to_owned());
    visit.judge(&CLIENT_ID, &answer, answer.is(&[201]).and(own));

    let body = visit.person("plain").to_string();
    let plain = Ask::of("POST", "/Users", Some(body)).header("content-type", "application/json");
    let answer = visit.send(plain).await;
    visit.judge(&PLAIN_JSON, &answer, answer.is(&[201]));

    let nulls = json!({"addresses": null, "phoneNumbers": null, "title": null, "preferredLanguage": null, "roles": []});
    let answer = visit.make("/Users", &with(visit.person("nulls"), &nulls)).await;
    visit.judge(&NULLS, &answer, answer.is(&[201]));

    let strays =
        json!({"department": null, "prefferedLanguage": "", "custom": {"k": "v"}, "meta": {"resourceType": "User"}});
    let answer = visit.make("/Users", &with(visit.person("strays"), &strays)).await;
    visit.judge(&STRAYS, &answer, answer.is(&[201]));

    let blanks = json!({"title": "", "phoneNumbers": [{"value": "", "type": "work"}], "addresses": [{"type": "work", "locality": ""}]});
    let answer = visit.make("/Users", &with(visit.person("blanks"), &blanks)).await;
    visit.judge(&BLANKS, &answer, answer.is(&[201]));

    let secret = format!("Castgate-Doctor-{}", visit.tag);
    let answer = visit.make("/Users", &with(visit.person("secret"), &json!({"password": secret, "groups": []}))).await;
    let silent =
        |answer: &Answer| hold(!answer.text.contains(&secret), || format!("{} repeats the password", answer.status));
    visit.judge(&PASSWORD, &answer, silent(&answer));
    visit.judge(&PASSWORD_TAKEN, &answer, answer.is(&[201]));
    if let Some(id) = answer.id() {
        let read = visit.get(&format!("/Users/{id}")).await;
        visit.judge(&PASSWORD, &read, silent(&read));
    }
}

async fn extension(visit: &mut Visit) {
    let more = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Doctors", "employeeNumber": "7"}});
    let answer = visit.make("/Users", &with(visit.person("employed"), &more)).await;
    let kept = &answer.json[ENTERPRISE];
    let same = hold(kept["department"] == "Doctors" && kept["employeeNumber"] == "7", || format!("{kept}"));
    let named = answer.at("/schemas").as_array().is_some_and(|all| all.iter().any(|one| one == ENTERPRISE));
    let named = hold(named, || format!("schemas is {}", answer.at("/schemas")));
    visit.judge(&EXTENSION, &answer, answer.is(&[201]).and(same).and(named));
}
