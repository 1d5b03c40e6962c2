//! A value that one task has at a time, while the others wait: for what has to stay together over calls of a store.

use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The value, where nobody has it, and who waits for it.
pub(super) struct Turn<T>(Mutex<Held<T>>);

struct Held<T> {
    value: Option<T>,
    waiting: Vec<Waker>,
}

/// The value, for as long as this is there.
pub(super) struct Taken<'t, T: Default> {
    turn: &'t Turn<T>,
    value: T,
}

impl<T: Default> Default for Turn<T> {
    fn default() -> Self {
        Self(Mutex::new(Held { value: Some(T::default()), waiting: Vec::new() }))
    }
}

impl<T: Default> Turn<T> {
    /// Waits until nobody has it.
    pub(super) async fn take(&self) -> Taken<'_, T> {
        poll_fn(|context| self.poll_take(context)).await
    }

    fn poll_take(&self, context: &mut Context<'_>) -> Poll<Taken<'_, T>> {
        let mut held = self.held();
        if let Some(value) = held.value.take() {
            return Poll::Ready(Taken { turn: self, value });
        }
        if !held.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            held.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Taken<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Whoever waits goes on, whether what was begun was done or given up half-way.
impl<T: Default> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        let mut held = self.turn.held();
        held.value = Some(std::mem::take(&mut self.value));
        let waiting = std::mem::take(&mut held.waiting);
        drop(held);
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contracts::block_on;

    #[test]
    fn one_has_it_at_a_time_and_the_next_is_woken() {
        let turn = Arc::new(Turn::<u64>::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let turn = Arc::clone(&turn);
                scope.spawn(move || {
                    for _ in 0..500 {
                        block_on(async {
                            let mut taken = turn.take().await;
                            let seen = *taken;
                            std::thread::yield_now();
                            *taken = seen + 1;
                        });
                    }
                });
            }
        });
        assert_eq!(*block_on(turn.take()), 2_000);
    }

    #[test]
    fn what_is_given_up_half_way_is_given_back() {
        let turn = Turn::<u64>::default();
        let mut begun = Box::pin(async {
            *turn.take().await = 7;
            std::future::pending::<()>().await;
        });
        let mut context = Context::from_waker(Waker::noop());
        assert!(begun.as_mut().poll(&mut context).is_pending());
        drop(begun);
        assert_eq!(*block_on(turn.take()), 7);
    }
}
