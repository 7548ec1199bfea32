//! How long others wait to write while something long is done.

use crate::{Failure, House};
use castgate::app::Need;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Does something, while somebody asks again and again to write; how long it took, and the longest that they waited.
pub(crate) async fn meanwhile(
    house: &House,
    work: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(Duration, Duration), Failure> {
    let over = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn({
        let (app, ctx, over) = (house.app.clone(), house.ctx.clone(), over.clone());
        async move {
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                let begun = app.begin(&ctx, Need::Operator).await;
                longest = longest.max(began.elapsed());
                // Dropped, it changes nothing.
                drop(begun);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            longest
        }
    });
    let began = Instant::now();
    let worked = work().await;
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    let longest = asking.await?;
    worked.map(|()| (took, longest))
}
