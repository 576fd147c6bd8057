//! libFuzzer, over the target that `GROUPGATE_FUZZ_TARGET` names. Its arguments are
//! [libFuzzer's](https://llvm.org/docs/LibFuzzer.html#options).

#![no_main]

use std::sync::OnceLock;

use fuzz::{TARGETS, Target};

/// The target that was asked for.
static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(init: { choose() }, |bytes: &[u8]| {
    if let Some(target) = CHOSEN.get() {
        (target.run)(bytes);
    }
});

fn choose() {
    let name = std::env::var("GROUPGATE_FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|target| target.name == name);
    let Some(target) = target else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        panic!("GROUPGATE_FUZZ_TARGET must be one of {}", names.join(", "));
    };
    CHOSEN.get_or_init(|| target);
}
