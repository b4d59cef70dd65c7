//! The members of a bench, and what the generator expects each of them to have.
//!
//! Several threads make submissions at once, but each for members of its own, so nothing here has
//! to be ordered. Must not: ask the house.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// What every member should have, if everything that was made is in the ledger.
pub struct Members {
    available: Vec<AtomicU32>,
    held: AtomicU64,
}

impl Members {
    /// So many members without points.
    pub fn new(count: usize) -> Self {
        let mut available = Vec::new();
        available.resize_with(count, AtomicU32::default);
        Self {
            available,
            held: AtomicU64::new(0),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.available.len()
    }

    /// Points that a member can spend.
    pub fn available(&self, member: usize) -> u32 {
        self.available[member].load(Relaxed)
    }

    /// Gives points to a member.
    pub fn give(&self, member: usize, points: u32) {
        self.available[member].fetch_add(points, Relaxed);
    }

    /// Takes points that the member has.
    pub fn take(&self, member: usize, points: u32) {
        let before = self.available[member].fetch_sub(points, Relaxed);
        assert!(before >= points, "the generator took what was not there");
    }

    /// Moves points from a member into a hold.
    pub fn hold(&self, member: usize, points: u32) {
        self.take(member, points);
        self.held.fetch_add(points.into(), Relaxed);
    }

    /// Ends a hold: some of its points are burned, the others go back.
    pub fn capture(&self, member: usize, held: u32, burned: u32) {
        self.held.fetch_sub(held.into(), Relaxed);
        self.give(member, held - burned);
    }

    /// Points of all members together, held ones too.
    pub fn outstanding(&self) -> u64 {
        let available = self
            .available
            .iter()
            .map(|points| u64::from(points.load(Relaxed)));
        available.sum::<u64>() + self.held.load(Relaxed)
    }

    /// A member's id in the ledger.
    pub fn id(member: usize) -> String {
        format!("m-{member}")
    }
}

/// A cheap random sequence that is the same in every run with the same seed.
#[derive(Clone)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The next number (splitmix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound of at least 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        let drawn = self.draw() % u64::from(bound);
        u32::try_from(drawn).expect("it is below a u32")
    }

    /// A number from 0 up to 1.
    pub fn fraction(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Ranks that come up as often as 1 / rank^skew: a few regulars and a long tail.
///
/// Method: Gray et al., "Quickly generating billion-record synthetic databases", 1994, as in YCSB.
#[derive(Clone)]
pub struct Zipf {
    skew: f64,
    count: f64,
    zeta: f64,
    eta: f64,
}

/// The skew that a month of real purchases has: the likeliest exponent for 12,701 baskets of the
/// 1,982 households in the Complete Journey data of 84.51°, January 2017. There, the first tenth of
/// the households has 35 % of the baskets.
pub const REAL_SKEW: f64 = 0.56;
/// Terms of the zeta sum that are added one by one; the others are an integral.
const EXACT_TERMS: usize = 10_000;
/// A prime: multiplying by it spreads the ranks over all members, each to one.
const SPREAD: usize = 2_654_435_761;

impl Zipf {
    /// Ranks below a count of at least 2, with a skew above 0 and below 1.
    pub fn new(count: usize, skew: f64) -> Self {
        let exact = (1..=count.min(EXACT_TERMS)).map(|rank| (rank as f64).powf(-skew));
        let primitive = |x: f64| x.powf(1.0 - skew) / (1.0 - skew);
        let rest = match count > EXACT_TERMS {
            true => primitive(count as f64 + 0.5) - primitive(EXACT_TERMS as f64 + 0.5),
            false => 0.0,
        };
        let zeta = exact.sum::<f64>() + rest;
        let of_two = 1.0 + 0.5_f64.powf(skew);
        let count = count as f64;
        let eta = (1.0 - (2.0 / count).powf(1.0 - skew)) / (1.0 - of_two / zeta);
        Self {
            skew,
            count,
            zeta,
            eta,
        }
    }

    /// A member: the most frequent ones are spread over all of them.
    pub fn draw(&self, random: &mut Sequence) -> usize {
        let fraction = random.fraction();
        let scaled = fraction * self.zeta;
        let rank = if scaled < 1.0 {
            0
        } else if scaled < 1.0 + 0.5_f64.powf(self.skew) {
            1
        } else {
            let base = self.eta * fraction - self.eta + 1.0;
            super::whole(self.count * base.powf(1.0 / (1.0 - self.skew)))
        };
        let count = super::whole(self.count);
        rank.min(count - 1).wrapping_mul(SPREAD) % count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn a_zipf_has_regulars_and_a_tail() {
        let (zipf, mut random) = (Zipf::new(100_000, 0.99), Sequence(7));
        let mut counts = vec![0_u32; 100_000];
        for _ in 0..200_000 {
            counts[zipf.draw(&mut random)] += 1;
        }
        let seen = counts.iter().filter(|count| **count > 0).count();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // The first of 100,000 has 1 / zeta = 8 % of all, the first ten a quarter.
        assert!((14_000..18_000).contains(&counts[0]), "{}", counts[0]);
        let ten: u32 = counts[..10].iter().sum();
        assert!((40_000..55_000).contains(&ten), "{ten}");
        assert!(seen > 30_000, "{seen}");
    }

    /// How often each household came, most often first.
    fn baskets_of_households() -> Vec<f64> {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/purchases-2017-01.csv"
        );
        let mut reader = csv::Reader::from_path(file).unwrap();
        let headers = reader.headers().unwrap().clone();
        let column = |name| headers.iter().position(|header| header == name).unwrap();
        let (member, basket) = (column("member"), column("basket"));
        let rows = reader.records().map(|row| row.unwrap());
        let baskets: HashSet<_> = rows
            .map(|row| (row[member].to_owned(), row[basket].to_owned()))
            .collect();
        let mut counts: HashMap<String, f64> = HashMap::new();
        for (member, _) in baskets {
            *counts.entry(member).or_default() += 1.0;
        }
        let mut counts: Vec<f64> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.total_cmp(a));
        counts
    }

    #[test]
    fn the_real_skew_is_that_of_the_purchases() {
        let counts = baskets_of_households();
        let all: f64 = counts.iter().sum();
        let ranks = || (1..=counts.len()).map(|rank| rank as f64);
        let likelihood = |skew: f64| {
            let zeta: f64 = ranks().map(|rank| rank.powf(-skew)).sum();
            let seen = ranks().zip(&counts).map(|(rank, count)| count * rank.ln());
            -skew * seen.sum::<f64>() - all * zeta.ln()
        };
        let skews = (1..100).map(|percent| f64::from(percent) / 100.0);
        let best = skews.max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)));
        assert_eq!(best, Some(REAL_SKEW));
        assert_eq!((counts.len(), all), (1_982, 12_701.0));
        let tenth: f64 = counts[..198].iter().sum();
        assert!((0.34..0.36).contains(&(tenth / all)), "{tenth} of {all}");
    }

    #[test]
    fn what_is_held_is_outstanding_and_not_available() {
        let members = Members::new(2);
        members.give(1, 100);
        members.hold(1, 30);
        assert_eq!((members.available(1), members.outstanding()), (70, 100));
        members.capture(1, 30, 20);
        assert_eq!((members.available(1), members.outstanding()), (80, 80));
    }
}
