//! Does asynchronous changes when their time has come.

use std::sync::Arc;

use crate::engine::{Engine, sleep_until};

/// Does what is due, and waits for more, for ever.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut changes = engine.watch();
    loop {
        let due_ms = engine.look(crate::state::State::next_change_ms);
        tokio::select! {
            woken = changes.changed() => if woken.is_err() { return },
            () = sleep_until(due_ms, &engine.nature) => {}
        }
        let now_ms = engine.nature.now_ms();
        if engine.look(|state| state.has_due_change(now_ms)) {
            engine.change(|state| state.do_due_changes(&engine.nature));
        }
    }
}
