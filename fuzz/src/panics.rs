//! What is printed of panics.

use std::{
    collections::BTreeSet,
    panic,
    sync::{Mutex, Once, PoisonError},
};

/// Prints the first panic at each place only, and lets all of them unwind.
///
/// Some libraries panic on input that is not theirs. What calls them makes that an error, which is
/// not for a run to stop at, and some places see thousands. A panic that nobody catches still ends a
/// run, libFuzzer's, too.
pub fn watch() {
    static ONCE: Once = Once::new();
    static PLACES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    ONCE.call_once(|| {
        // libFuzzer's own would abort.
        drop(panic::take_hook());
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if PLACES.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
                print(panic);
            }
        }));
    });
}
