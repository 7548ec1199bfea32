//! How a running server is told to leave.

use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What a running server can be told. Clones speak to the same server.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    pub(super) notice: CancellationToken,
    pub(super) close: CancellationToken,
    pub(super) cut: CancellationToken,
    pub(super) reload: Arc<Notify>,
}

impl Orders {
    /// Orders that nobody has given yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Say “draining” for the time that the settings name, then close the doors and finish what has begun.
    pub fn drain(&self) {
        self.notice.cancel();
    }

    /// The same without the notice: for somebody at a terminal, in front of whom no load balancer stands.
    pub fn close(&self) {
        self.close.cancel();
        self.notice.cancel();
    }

    /// End now, whatever has begun.
    pub fn cut(&self) {
        self.cut.cancel();
        self.close();
    }

    /// Read the TLS certificate and its key again.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Waits until the server is told to leave, in whichever way.
    pub async fn leaving(&self) {
        self.notice.cancelled().await;
    }
}
