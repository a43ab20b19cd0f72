//! The ownership token: the exclusive right to touch a shard.
//!
//! A reactor holds its shard's token for one turn; any other thread takes it for one command. The token
//! is one futex-backed word, and handing it over fairly lets a waiting thread in between two turns.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

/// A value that only the holder of its token may touch.
#[derive(Debug, Default)]
pub struct Owned<T>(Mutex<T>);

/// Proof of holding the token. Dropping it gives the token back.
#[derive(Debug)]
pub struct OwnedGuard<'a, T>(MutexGuard<'a, T>);

impl<T> Owned<T> {
    /// A value whose token is free.
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Takes the token: spins briefly, then sleeps until it is handed over.
    #[inline]
    pub fn take(&self) -> OwnedGuard<'_, T> {
        OwnedGuard(self.0.lock())
    }

    /// Takes the token if nobody holds it.
    #[inline]
    pub fn try_take(&self) -> Option<OwnedGuard<'_, T>> {
        self.0.try_lock().map(OwnedGuard)
    }

    /// Takes the token unless that takes longer than `patience`.
    #[inline]
    pub fn take_within(&self, patience: Duration) -> Option<OwnedGuard<'_, T>> {
        self.0.try_lock_for(patience).map(OwnedGuard)
    }

    /// True where somebody holds the token at this moment.
    #[inline]
    pub fn is_taken(&self) -> bool {
        self.0.is_locked()
    }
}

impl<T> OwnedGuard<'_, T> {
    /// Lets a waiting thread have the token and takes it again; costs a look where nobody waits.
    #[inline]
    pub fn yield_fairly(&mut self) {
        MutexGuard::bump(&mut self.0);
    }

    /// Gives the token back, to the longest waiting thread if there is one.
    #[inline]
    pub fn release_fairly(self) {
        MutexGuard::unlock_fair(self.0);
    }
}

impl<T> Deref for OwnedGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for OwnedGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
