//! A forced order: what a change of roles holds until it is made, no key is made in the midst of.

use crate::{
    harness::World,
    role_changes::{keys_of, member_with_key, owner, set_role},
};
use castgate::{
    app::{Choice, KeyTerms},
    model::Capability,
};

/// Connections to this database that wait for a lock.
async fn waiting(world: &World) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut tx = world.store.read().await.unwrap();
    let row: Option<(i64,)> = tx.first(sql, &[]).await.unwrap();
    row.unwrap().0
}

/// Waits until so many wait, or until something has ended that should not have.
async fn until_waiting<T>(world: &World, count: i64, working: &tokio::task::JoinHandle<T>) {
    while waiting(world).await < count {
        assert!(!working.is_finished(), "it ended without waiting for anybody");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_is_made_between_what_a_change_of_roles_saw_and_its_commit() {
    // On SQLite there is one writer, and nothing comes in between.
    let Some(world) = World::postgres().await else { return };
    let (ada, _, old) = member_with_key(&world, "ada").await;
    let change = set_role(&ada.id, "viewer");
    let preview = world.app.preview_role_change(&owner(&world), &change).await.unwrap();

    // Somebody holds Ada's row: the change has seen her keys by then, and waits for the row.
    let mut holder = world.store.write("test").await.unwrap();
    holder.user_to_change(&world.tenant.organization, &ada.id).await.unwrap().unwrap();
    let (app, ctx) = (world.app.clone(), owner(&world));
    let changing = tokio::spawn(async move {
        let terms = KeyTerms { preview: preview.token, others: Some(Choice::Delete), ..KeyTerms::default() };
        app.change_roles(&ctx, &change, &terms).await
    });
    until_waiting(&world, 1, &changing).await;
    // Ada makes a key now: it must wait for the change, or it would be one that nobody saw.
    let (app, ctx) = (world.app.clone(), world.as_user(&ada.id));
    let making = tokio::spawn(async move { app.create_key(&ctx, "new", None).await });
    until_waiting(&world, 2, &making).await;
    holder.rollback().await.unwrap();

    let made = changing.await.unwrap().unwrap();
    assert_eq!(made.keys.iter().map(|one| one.key.clone()).collect::<Vec<_>>(), [old.id]);
    let new = making.await.unwrap().unwrap();
    let left = keys_of(&world, &ada.id).await;
    assert_eq!(left.iter().map(|key| &key.id).collect::<Vec<_>>(), [&new.key.id], "what came later stays");
    assert!(!crate::role_changes::can(&world, new.secret.expose(), Capability::ManageClusters).await);
    assert!(crate::role_changes::can(&world, new.secret.expose(), Capability::ViewClusters).await);
}
