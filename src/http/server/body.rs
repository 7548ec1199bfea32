//! The bodies of requests and of answers, watched.

use super::{
    arrival::{Arrival, Trouble},
    queue::{NoPlace, Place},
    vitals::Begun,
};
use crate::app::Receipt;
use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

type Failure = Box<dyn Error + Send + Sync>;
type Returning = Pin<Box<dyn Future<Output = Result<Place, NoPlace>> + Send>>;

/// How slowly a body may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The longest pause.
    pub(super) pause: Duration,
    /// Bytes a second, from one pause after the beginning on; 0: any.
    pub(super) rate: u64,
}

/// A request's body. While it is awaited its request holds no place; see [`Arrival::admit`].
pub(super) struct RequestBody {
    inner: Incoming,
    arrival: Arrival,
    pace: Pace,
    /// From the first time that somebody wanted the body: before, a client may rightly wait for `100 Continue`.
    began: Option<Instant>,
    received: u64,
    alarm: Option<Pin<Box<Sleep>>>,
    aside: bool,
    returning: Option<Returning>,
}

impl RequestBody {
    pub(super) fn new(inner: Incoming, arrival: Arrival, pace: Pace) -> Self {
        Self { inner, arrival, pace, began: None, received: 0, alarm: None, aside: false, returning: None }
    }

    /// The moment at which waiting ends, if nothing comes before.
    fn deadline(&self, began: Instant) -> Instant {
        let Pace { pause, rate } = self.pace;
        let pause_ends = Instant::now() + pause;
        match self.received.saturating_mul(1000).checked_div(rate) {
            Some(earned) => pause_ends.min(began + pause + Duration::from_millis(earned)),
            None => pause_ends,
        }
    }

    fn trouble<T>(&self, trouble: Trouble) -> Poll<Option<Result<T, Failure>>> {
        self.arrival.note(trouble);
        Poll::Ready(Some(Err(trouble.into())))
    }

    /// Nothing is here yet.
    fn wait(&mut self, began: Instant, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        self.aside |= self.arrival.step_aside();
        if self.alarm.is_none() {
            self.alarm = Some(Box::pin(tokio::time::sleep_until(self.deadline(began))));
        }
        match self.alarm.as_mut().map(|alarm| alarm.as_mut().poll(cx)) {
            Some(Poll::Ready(())) => self.trouble(Trouble::Slow),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }

    /// The body has ended: back to work, as soon as there is a place.
    fn end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let arrival = self.arrival.clone();
        let returning = self.returning.get_or_insert_with(|| {
            let queue = arrival.queue();
            Box::pin(async move { queue.enter().await })
        });
        let place = ready!(returning.as_mut().poll(cx));
        self.returning = None;
        self.aside = false;
        match place {
            Ok(place) => {
                self.arrival.put(place);
                Poll::Ready(None)
            }
            Err(NoPlace) => self.trouble(Trouble::Overload),
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = self.get_mut();
        if this.returning.is_some() {
            return this.end(cx);
        }
        let began = *this.began.get_or_insert_with(Instant::now);
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => this.wait(began, cx),
            Poll::Ready(Some(Ok(frame))) => {
                this.alarm = None;
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                this.received = this.received.saturating_add(bytes as u64);
                match this.arrival.keep(bytes) {
                    Ok(()) => Poll::Ready(Some(Ok(frame))),
                    Err(trouble) => this.trouble(trouble),
                }
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) if this.aside => this.end(cx),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.aside && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body. The request is over when the last of it was handed to the connection.
pub(super) struct ResponseBody {
    pub(super) inner: Body,
    /// Of an answer whose loss matters.
    pub(super) receipt: Option<Arc<Receipt>>,
    pub(super) _begun: Begun,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let last = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => self.inner.is_end_stream(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if let Some(receipt) = self.receipt.take_if(|_| last) {
            receipt.taken();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
