//! The background task that hears the other nodes.

use super::{local::Local, remote, revocation::Message};
use redis::{AsyncCommands, Client, PushInfo, PushKind, Value, aio::MultiplexedConnection};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

pub(super) const CHANNEL: &str = "castgate:feed";
/// How often a node speaks.
const HEARTBEAT: Duration = Duration::from_millis(300);
/// A connection that brings nothing for so long is given up, not even our own heartbeat comes back.
const SILENCE: Duration = Duration::from_secs(1);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// The task; it ends when this is dropped.
pub(super) struct Listener(JoinHandle<()>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn listen(client: Client, node: String, local: Arc<Local>) -> Listener {
    Listener(tokio::spawn(async move {
        loop {
            let (sender, mut pushes) = mpsc::unbounded_channel();
            if let Ok(mut connection) = remote::connect(&client, sender).await
                && connection.subscribe(CHANNEL).await.is_ok()
            {
                // Between two connections messages were missed.
                local.end_everything();
                hear(&mut connection, &mut pushes, &node, &local).await;
            }
            sleep(PAUSE).await;
        }
    }))
}

/// Until the connection breaks or falls silent.
async fn hear(
    connection: &mut MultiplexedConnection,
    pushes: &mut mpsc::UnboundedReceiver<PushInfo>,
    node: &str,
    local: &Local,
) {
    let Ok(heartbeat) = serde_json::to_string(&Message::Heartbeat) else { return };
    let mut ticks = interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_at = Instant::now() + SILENCE;
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let spoken: Result<Result<(), _>, _> = timeout(HEARTBEAT, connection.publish(CHANNEL, &heartbeat)).await;
                if !matches!(spoken, Ok(Ok(()))) {
                    return;
                }
            }
            push = pushes.recv() => match push.map(|push| read(&push)) {
                None | Some(Read::Broken) => return,
                Some(Read::Other) => {}
                Some(Read::Message(message)) => {
                    silent_at = Instant::now() + SILENCE;
                    obey(message, node, local);
                }
            },
            () = tokio::time::sleep_until(silent_at) => return,
        }
    }
}

/// The revocation before the sign of life: memory must not be believed again with the message still unread.
fn obey(message: Message, node: &str, local: &Local) {
    match message {
        Message::Heartbeat => {}
        // What this node said itself it obeyed when it said it.
        Message::Revoked { node: speaker, .. } if speaker == node => {}
        Message::Revoked { revocation, .. } => local.revoke(&revocation),
    }
    local.hear();
}

enum Read {
    Message(Message),
    Broken,
    Other,
}

fn read(push: &PushInfo) -> Read {
    if push.kind == PushKind::Disconnection {
        return Read::Broken;
    }
    match push.data.as_slice() {
        [_, Value::BulkString(text)] if push.kind == PushKind::Message => {
            // A message that does not read comes from another version: nobody knows what it revoked.
            serde_json::from_slice(text).map_or(Read::Broken, Read::Message)
        }
        _ => Read::Other,
    }
}
