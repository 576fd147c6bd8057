//! Chance, which keeps what failed together from being tried again together.

use aws_lc_rs::rand;

/// A number between 0 and 1 that nobody knows before.
pub(crate) fn chance() -> f64 {
    let mut bytes = [0; 4];
    // Without a random number, what failed together is tried again together.
    let drawn = rand::fill(&mut bytes).map(|()| f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX));
    drawn.unwrap_or(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_lie_between_0_and_1_and_differ() {
        let drawn: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(drawn.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(drawn.iter().any(|chance| *chance < 0.5) && drawn.iter().any(|chance| *chance > 0.5));
    }
}
