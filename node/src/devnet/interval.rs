//! Blocks every so often.

use std::{future::pending, sync::Arc};

use tokio::{select, task::spawn_blocking, time::sleep};

use super::Devnet;

/// Makes a block whenever [`Devnet::interval`] has passed, for as long as it is polled. A block that
/// cannot be made is logged, and the next one is tried after the interval.
pub async fn mine_by_interval(devnet: Arc<Devnet>) {
    let mut interval = devnet.interval();
    loop {
        let period = *interval.borrow_and_update();
        let tick = async {
            match period {
                Some(period) => sleep(period).await,
                None => pending().await,
            }
        };
        select! {
            // The devnet has the other end, and we have the devnet.
            _ = interval.changed() => {}
            () = tick => {
                let devnet = Arc::clone(&devnet);
                let failed = match spawn_blocking(move || devnet.mine()).await {
                    Ok(Ok(_)) => continue,
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                tracing::warn!(error = failed, "no block was made");
            }
        }
    }
}
