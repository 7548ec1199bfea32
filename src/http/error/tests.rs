use super::*;
use crate::model::UserId;
use axum::body::to_bytes;
use std::fmt::Write as _;

async fn said(error: Error, room: Room) -> String {
    let response = Refusal::from(error).render(room);
    let mut text = format!("{} {:?}", response.status().as_u16(), response.headers());
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    write!(text, " {}", String::from_utf8_lossy(&body)).unwrap();
    text
}

fn every_error() -> Vec<Error> {
    let mut all = vec![
        Error::NotSignedIn,
        Error::Forbidden { need: "the capability manage members on the whole organization".to_owned() },
        Error::TermsNotAccepted,
        Error::not_found("user", "usr_1"),
        Error::conflict("taken", "there is one already"),
        Error::LastOwner { last: Some(UserId::from_uuid(uuid::Uuid::nil())) },
        Error::Stale,
        Error::invalid("name", "it is empty"),
        Error::Mapping { diagnostics: Vec::new() },
        Error::Configuration { diagnostics: Vec::new() },
        ScimError::no_target("there is none").into(),
        Error::Provider(SsoError::StateMismatch),
        Error::Provider(SsoError::ProviderUnreachable { what: "its keys".to_owned(), why: "no route".to_owned() }),
        Error::Unavailable("no answer in time".to_owned()),
        Error::ReadOnly("the disk is full".to_owned()),
        Error::internal("row 7 is odd"),
    ];
    let away = [
        TurnedAway::Expired,
        TurnedAway::Suspended,
        TurnedAway::NoAccess,
        TurnedAway::Clash,
        TurnedAway::DeadLink,
        TurnedAway::NotInvited,
        TurnedAway::Withheld,
        TurnedAway::Enforced,
        TurnedAway::Unproven(crate::model::SignInFailure::PasswordWrong),
    ];
    all.extend(away.map(Error::TurnedAway));
    all
}

#[test]
fn every_error_has_its_status_and_its_word() {
    let mut table = String::new();
    for error in every_error() {
        let refusal = Refusal::from(error);
        writeln!(table, "{} {} — {}", refusal.status.as_u16(), refusal.code, refusal.detail).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn an_error_is_said_in_four_ways() {
    let error = || Error::conflict("taken", "there is <one> already");
    insta::assert_snapshot!(said(error(), Room::Scim).await, @r#"409 {"content-type": "application/scim+json"} {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"there is <one> already"}"#);
    insta::assert_snapshot!(said(error(), Room::Api).await, @r#"409 {"content-type": "application/problem+json"} {"type":"/docs/api#taken","title":"Conflict","status":409,"code":"taken","detail":"there is <one> already"}"#);
    for room in [Room::Page, Room::SignIn] {
        let page = said(error(), room).await;
        assert!(page.contains(r#"<p role="alert" data-code="taken">There is &lt;one&gt; already.</p>"#), "{page}");
    }
    assert!(said(error(), Room::SignIn).await.contains("<h1>You are not signed in</h1>"));
}

#[tokio::test]
async fn what_is_inside_is_told_to_nobody() {
    for room in [Room::Scim, Room::Api, Room::Page, Room::SignIn] {
        for error in [
            Error::internal("row 7 is odd"),
            Error::Unavailable("row 7 is away".into()),
            Error::ReadOnly("row 7".into()),
        ] {
            let text = said(error, room).await;
            assert!(!text.contains("row 7"), "{text}");
        }
    }
}

#[tokio::test]
async fn headers_say_what_to_do_next() {
    assert!(said(Error::Unavailable(String::new()), Room::Page).await.contains("retry-after"));
    assert!(said(Error::ReadOnly(String::new()), Room::Scim).await.contains("retry-after"));
    assert!(said(Error::NotSignedIn, Room::Api).await.contains(r#""www-authenticate": "Bearer""#));
    assert!(
        !said(Error::NotSignedIn, Room::Page).await.contains("www-authenticate"),
        "browsers would ask for a password"
    );
}

#[test]
fn a_room_is_known_by_its_path() {
    assert_eq!(Room::of("/scim/v2/Users"), Room::Scim);
    assert_eq!(Room::of("/scimitar"), Room::Page);
    assert_eq!(Room::of("/api/v1/members"), Room::Api);
    assert_eq!(Room::of("/login/acme"), Room::SignIn);
    assert_eq!(Room::of("/"), Room::Page);
}
