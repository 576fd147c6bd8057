//! How far a try of a call has come, and what its end means by that.

use std::{cell::Cell, rc::Rc};

use crate::error::{Effect, GraphError};

/// How far a try of a call has come.
#[derive(Clone)]
pub(crate) struct Progress {
    pub(crate) effect: Effect,
    /// Whether anything of a change may have left. Of a read nothing depends on it, and it always may.
    begun: Option<Rc<Cell<bool>>>,
}

impl Progress {
    /// Of a try at its beginning.
    pub(crate) fn new(effect: Effect) -> Self {
        Self { effect, begun: (effect == Effect::Change).then(Rc::default) }
    }

    /// From now on something may have left.
    pub(crate) fn begin(&self) {
        if let Some(begun) = &self.begun {
            begun.set(true);
        }
    }

    fn has_begun(&self) -> bool {
        self.begun.as_ref().is_none_or(|begun| begun.get())
    }

    pub(crate) fn timeout(&self) -> GraphError {
        GraphError::Timeout { sent: self.has_begun(), effect: self.effect }
    }

    pub(crate) fn disconnected(&self, why: String) -> GraphError {
        GraphError::Disconnected { sent: self.has_begun(), effect: self.effect, why }
    }
}
