//! `castgate admin recover`: the way in that is left when nobody can sign in.

use crate::place::{Place, printed};
use reqwest::{Client, redirect::Policy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_glass_is_broken_at_the_machine_itself_and_its_link_leads_in_once() {
    let place = Place::make(&[]).await;
    let recover = ["admin", "recover", "--slug", "acme", "--owner", "boss@acme.example"];
    let server = place.serve().await.unwrap();
    // The embedded database has one owner: nobody breaks the glass behind a gateway's back.
    let beside = place.run(&recover);
    assert!(!beside.status.success(), "{}", printed(&beside));
    drop(server);
    let output = place.run(&recover);
    assert!(output.status.success(), "{}", printed(&output));
    let said = printed(&output);
    assert!(said.contains("this is on record"), "{said}");
    let token = said.split_once("/login/link?token=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    assert!(!place.run(&["admin", "recover", "--slug", "nobody", "--owner", "boss@acme.example"]).status.success());

    let server = place.serve().await.unwrap();
    let browser = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let follow = async || {
        let form = browser.post(format!("{}/login/link", server.origin));
        let form = form.header("content-type", "application/x-www-form-urlencoded").body(format!("token={token}"));
        form.send().await.unwrap()
    };
    let arrived = follow().await;
    assert_eq!(arrived.status(), 303);
    let cookie = arrived.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    // The terms stand before everything, for whoever comes this way too.
    let inside = browser.get(format!("{}/api/v1/me", server.origin)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(inside.status(), 403);
    assert_eq!(follow().await.status(), 410);
}
