//! Ctrl-C and SIGTERM.

use std::io;

use tokio_util::sync::CancellationToken;
use tracing::info;

/// The exit code of a program that a signal ended.
const ENDED_AT_ONCE: i32 = 130;

/// From now on the first signal begins the shutdown, and the second ends the process.
///
/// # Errors
/// The system takes no handler.
pub fn end_on_signal(shutdown: CancellationToken) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        info!("ending: what is on the wire is finished first; a second signal ends at once");
        shutdown.cancel();
        signals.next().await;
        std::process::exit(ENDED_AT_ONCE);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler there is nothing to wait for but the end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
