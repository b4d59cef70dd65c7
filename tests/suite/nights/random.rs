//! Choices that are the same in every run.

/// A cheap sequence (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Whether one of so many cases comes.
    pub fn one_in(&mut self, cases: u64) -> bool {
        self.below(cases) == 0
    }

    /// One of these.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(all.len()).expect("few");
        (count > 0).then(|| &all[usize::try_from(self.below(count)).expect("few")])
    }

    /// One of these, taken out.
    pub fn take<T>(&mut self, all: &mut Vec<T>) -> Option<T> {
        let count = u64::try_from(all.len()).expect("few");
        (count > 0).then(|| all.swap_remove(usize::try_from(self.below(count)).expect("few")))
    }
}
