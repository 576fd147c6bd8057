//! What goes on, and what is answered, when something is away; and that all of it works again by itself. Calls go on through
//! the balancer the whole time, so that nothing is seen only because nobody called.

mod disk;
mod meta;
mod postgresql;
mod redis;
mod rolling;
mod start_order;

pub(crate) use redis::says;
