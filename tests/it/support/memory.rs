//! How much memory a piece of work takes: every allocation of the test binary is counted, by thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    /// Bytes that this thread has allocated and not given back, and the most there were since [`peak`] began.
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// What `work` gives, and the most bytes that it held at once. The work must stay on this thread.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    MOST.set(before);
    let done = work();
    (done, usize::try_from(MOST.get() - before).unwrap_or(0))
}

struct Counting;

fn count(bytes: isize) {
    // A thread that ends still gives memory back.
    let now = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        now.get()
    });
    if let Ok(now) = now {
        let _ = MOST.try_with(|most| most.set(most.get().max(now)));
    }
}

/// A layout is never larger than `isize::MAX`.
#[allow(clippy::cast_possible_wrap)]
fn size(layout: Layout) -> isize {
    layout.size() as isize
}

// SAFETY: all is left to the system's allocator; the counters neither allocate nor touch what it returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // While the bytes are moved both pieces are held.
        count(isize::try_from(new).unwrap_or(isize::MAX / 2));
        // SAFETY: as above.
        let moved = unsafe { System.realloc(pointer, layout, new) };
        count(-size(layout));
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::peak;

    #[test]
    fn what_is_held_at_once_is_counted() {
        let ((), most) = peak(|| {
            drop(vec![0_u8; 50_000]);
            drop(vec![0_u8; 30_000]);
        });
        assert!((50_000..60_000).contains(&most), "{most}");
    }
}
