//! The pages that people meet before they are in, and those that are told to whoever comes too late: in four shapes, with axe-core.
//! And no page, of either side of the door, in a frame of somebody else's.

use crate::{
    chromium::{browse, pictures},
    have,
    issuer::Issuer,
    people::link_in_the_letter_to,
    scene::Scene,
};
use castgate::{
    app::NewConnection,
    model::{ConnectionSettings, OidcSettings, Profile},
};
use secrecy::SecretString;
use tempfile::TempDir;

/// What a command line sends the browser to.
const CLI: &str = "/cli?port=49152&challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&state=s1&device=laptop";

/// A connection that somebody else is asked to fill in, and one whose sign-in can be tried.
async fn links(scene: &Scene, issuer: &Issuer) -> (String, String) {
    let (app, operator) = (&scene.world.app, &scene.acme.operator);
    let oidc = Some(OidcSettings::new(issuer.url.clone(), "castgate"));
    let settings = ConnectionSettings { oidc, ..ConnectionSettings::of(Profile::Generic) };
    let secret = Some(SecretString::from("a secret of the provider".to_owned()));
    let new = NewConnection { name: "entra".to_owned(), settings, client_secret: secret };
    let connection = app.create_connection(operator, new).await.unwrap().id;
    let test = app.test_connection(operator, &connection).await.unwrap().url;
    app.set_connection_enabled(operator, &connection, false).await.unwrap();
    let setup = app.create_setup_link(operator, &connection, None).await.unwrap().url;
    let path = |url: String| url::Url::parse(&url).unwrap().path().to_owned();
    (path(setup), path(test))
}

/// Pages for whoever shows no session, each with something to say.
async fn before_the_door(scene: &Scene, issuer: &Issuer) -> Vec<String> {
    let app = &scene.world.app;
    let mut invited = Vec::new();
    for email in ["dorothy@elsewhere.test", "late@elsewhere.test"] {
        let id = scene.invitation(email).await;
        app.send_letters().await.unwrap();
        invited.push((link_in_the_letter_to(scene, email), id));
    }
    let (good, (late, revoked)) = (invited[0].0.clone(), &invited[1]);
    app.revoke_invitation(&scene.acme.operator, &revoked.parse().unwrap()).await.unwrap();
    let (setup, test) = links(scene, issuer).await;
    let fixed = [
        "/login",
        "/login?return_to=/console/members",
        "/login/password?email=ada%40acme.test",
        "/login/forgot",
        "/login/reset?token=cgw_nobody",
        "/login/link?token=cgl_nobody",
        "/login/callback?state=unknown&code=x",
        "/login/callback?error=access_denied",
        "/login/test/unknown",
        "/setup/unknown",
        "/invitations/unknown",
        "/logout/done",
        "/docs/api",
        "/nothing/here",
    ];
    let links = [good.clone(), format!("{good}/password"), late.clone(), setup, test];
    fixed.into_iter().map(str::to_owned).chain(links).collect()
}

fn arguments(scene: &Scene, pictures: &std::path::Path, more: &[&str], paths: &[String]) -> Vec<String> {
    let folder = pictures.display().to_string();
    let fixed = ["--url", &scene.world.origin, "--screenshots", &folder];
    fixed.iter().chain(more).map(|text| (*text).to_owned()).chain(paths.iter().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_before_the_door_fits_every_width_and_breaks_no_rule() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let scene = Scene::set().await;
    let directory = TempDir::new().unwrap();
    let (outside, inside) = (pictures(&directory).join("outside"), pictures(&directory).join("account"));
    let paths = before_the_door(&scene, &Issuer::start().await).await;
    browse("browser/console.mjs", arguments(&scene, &outside, &[], &paths)).await;
    let own = ["/account", "/account/password", "/terms", CLI].map(str::to_owned);
    browse("browser/console.mjs", arguments(&scene, &inside, &["--cookie", &scene.owner], &own)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_shows_itself_in_a_frame_of_another_site() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let scene = Scene::set().await;
    let mut paths = before_the_door(&scene, &Issuer::start().await).await;
    paths.extend(["/account", "/console/members", "/console/mapping", "/console/nothing", CLI].map(str::to_owned));
    let fixed = ["--url", &scene.world.origin, "--cookie", &scene.owner].map(str::to_owned);
    let said = browse("browser/framed.mjs", fixed.into_iter().chain(paths.iter().cloned()).collect()).await;
    assert_eq!(said["refused"], paths.len(), "{said}");
}
