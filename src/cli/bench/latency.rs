//! Latencies of a scenario: every one is kept, so that no quantile is an estimate.
//!
//! Must not: be asked while requests are under way.

use serde::Serialize;

/// Three points of a distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// 999 of 1,000 took no longer.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latency {
    /// The distribution of times in microseconds; nothing of none.
    pub fn of(mut times_us: Vec<u32>) -> Option<Self> {
        times_us.sort_unstable();
        // The smallest time that is not shorter than so many of 1,000.
        let at = |of_1000: usize| {
            let place = (times_us.len() * of_1000).div_ceil(1_000).max(1) - 1;
            times_us.get(place).map(|time| f64::from(*time) / 1e3)
        };
        Some(Self {
            p50_ms: at(500)?,
            p99_ms: at(990)?,
            p999_ms: at(999)?,
            max_ms: at(1_000)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        assert_eq!(Latency::of(Vec::new()), None);
        let check = |times: Vec<u32>, expected: [f64; 4]| {
            let found = Latency::of(times).unwrap();
            let found = [found.p50_ms, found.p99_ms, found.p999_ms, found.max_ms];
            assert_eq!(found, expected);
        };
        check(vec![7_000], [7.0; 4]);
        check(vec![3_000, 1_000], [1.0, 3.0, 3.0, 3.0]);
        let thousand = (1..=1_000).rev().map(|time| time * 1_000).collect();
        check(thousand, [500.0, 990.0, 999.0, 1_000.0]);
    }
}
