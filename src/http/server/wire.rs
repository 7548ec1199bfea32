//! A connection's bytes on their way through.

use super::{framing::Framing, vitals::Vitals};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose traffic is noted, and whose first bytes were read before.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    first: Vec<u8>,
    taken: usize,
    vitals: Arc<Vitals>,
    framing: Option<Framing>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, first: Vec<u8>, vitals: Arc<Vitals>, framing: Option<Framing>) -> Self {
        Self { stream, first, taken: 0, vitals, framing }
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    fn note(&mut self, bytes: &[u8]) {
        self.vitals.received();
        if let Some(framing) = &mut self.framing {
            framing.look(bytes);
        }
    }

    fn sent<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.vitals.sent(outcome.is_ready());
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let first = this.first.get(this.taken..).unwrap_or_default();
        if first.is_empty() {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        } else {
            let part = first.get(..buf.remaining()).unwrap_or(first);
            buf.put_slice(part);
            this.taken += part.len();
            if this.taken == this.first.len() {
                (this.first, this.taken) = (Vec::new(), 0);
            }
        }
        let bytes = buf.filled().get(before..).unwrap_or_default();
        if !bytes.is_empty() {
            this.note(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.sent(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.sent(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        if outcome.is_pending() {
            return self.sent(outcome);
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
