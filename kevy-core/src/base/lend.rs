//! Lending a closure to code that is reached through a foreign call, such as an interpreter that calls back.

use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

type Erased<A, R> = NonNull<dyn FnMut(&mut A) -> R>;

/// A place, one for each thread, where a closure is found while somebody lends it.
pub struct Lend<A: 'static, R: 'static>(Cell<Option<Erased<A, R>>>);

impl<A, R> fmt::Debug for Lend<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lend")
    }
}

impl<A, R> Default for Lend<A, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A, R> Lend<A, R> {
    /// A place with nothing in it.
    pub const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Lends `lent` while `body` runs; what was lent before is there again afterwards.
    pub fn during<T>(&self, lent: &mut dyn FnMut(&mut A) -> R, body: impl FnOnce() -> T) -> T {
        let lent: NonNull<dyn FnMut(&mut A) -> R + '_> = NonNull::from(lent);
        // SAFETY: only the lifetime changes. The pointer leaves the cell before this function returns, also by a panic,
        // and `lent` is borrowed until then.
        let erased: Erased<A, R> = unsafe { std::mem::transmute(lent) };
        let _back = Back { cell: &self.0, value: self.0.replace(Some(erased)) };
        body()
    }

    /// Calls what is lent; `None` where nothing is, or where it is being called already.
    pub fn call(&self, argument: &mut A) -> Option<R> {
        let mut lent = self.0.take()?;
        let _back = Back { cell: &self.0, value: Some(lent) };
        // SAFETY: `during`, which put it there, has not returned, since it would have taken it out; nobody else uses it,
        // since the cell is empty while it is called and never leaves its thread.
        let lent = unsafe { lent.as_mut() };
        Some(lent(argument))
    }
}

/// Puts a value into a cell at the end.
struct Back<'a, A: 'static, R: 'static> {
    cell: &'a Cell<Option<Erased<A, R>>>,
    value: Option<Erased<A, R>>,
}

impl<A, R> Drop for Back<'_, A, R> {
    fn drop(&mut self) {
        self.cell.set(self.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static PLACE: Lend<u32, u32> = const { Lend::new() };
    }

    fn call(mut argument: u32) -> Option<u32> {
        PLACE.with(|place| place.call(&mut argument))
    }

    #[test]
    fn what_is_lent_is_found_as_long_as_it_is_lent() {
        assert_eq!(call(1), None);
        let mut sum = 10;
        let found = PLACE.with(|place| {
            let mut add = |more: &mut u32| {
                sum += *more;
                sum
            };
            place.during(&mut add, || (call(1), call(2)))
        });
        assert_eq!((found, sum), ((Some(11), Some(13)), 13));
        assert_eq!(call(1), None);
    }

    #[test]
    fn the_inner_one_hides_the_outer_one_and_none_is_called_twice_at_once() {
        PLACE.with(|place| {
            place.during(&mut |_| 1, || {
                place.during(&mut |_| call(0).unwrap_or(2), || assert_eq!(call(0), Some(2)));
                assert_eq!(call(0), Some(1));
            });
        });
    }

    #[test]
    fn a_panic_takes_it_back() {
        let panicked = std::panic::catch_unwind(|| {
            PLACE.with(|place| place.during(&mut |_| 1, || panic!("on purpose")));
        });
        assert!(panicked.is_err());
        assert_eq!(call(0), None);
    }
}
