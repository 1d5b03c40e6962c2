//! Waiting for a future without a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Runs a future to its end on this thread, which is parked while the future waits.
///
/// For hosts without an async runtime, and for tests. The futures of stores that answer at once (the in-memory and the SQLite port)
/// are ready at the first poll. Inside a runtime, await instead: a parked worker may be the one that the future waits for.
///
/// # Example: an answer without a runtime
/// ```
/// use stewardship::contracts::block_on;
/// assert_eq!(block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // `park` may return without a wake-up, and a token may be left over from elsewhere: only the flag counts.
        while !signal.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Signal {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_ready_future_is_polled_once() {
        let mut polls = 0;
        block_on(poll_fn(|_| {
            polls += 1;
            Poll::Ready(())
        }));
        assert_eq!(polls, 1);
    }

    #[test]
    fn a_wake_up_from_another_thread_is_seen() {
        let (wakers, woken) = mpsc::channel::<Waker>();
        let helper = thread::spawn(move || woken.into_iter().for_each(Waker::wake));
        let mut left = 100;
        block_on(poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            wakers.send(context.waker().clone()).unwrap();
            Poll::Pending
        }));
        assert_eq!(left, 0);
        drop(wakers);
        helper.join().unwrap();
    }

    #[test]
    fn a_park_token_left_over_is_no_wake_up() {
        thread::current().unpark();
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        }));
        assert_eq!(polls, 2);
    }
}
