//! The root over many lines, hashed on several cores: the writer waits for it when a window is
//! netted.
//!
//! Must not: come to another root than `proof::netting`, which hashes one line after the other.

use crate::domain::netting::PricedLine;
use crate::proof::merkle::{Hash, node_hash};
use crate::proof::netting;
use std::thread::Builder;

/// Fewer lines than these are not worth a thread.
const LINES_A_THREAD: usize = 1 << 16;

/// The root over priced lines in order of their keys.
pub fn lines_root(lines: &[PricedLine]) -> Hash {
    let parts = netting::halves(lines).filter(|_| lines.len() > LINES_A_THREAD);
    let Some((left, right)) = parts else {
        return netting::lines_root(lines);
    };
    std::thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, || lines_root(left));
        let right = lines_root(right);
        let left = match other {
            Ok(other) => other.join().expect("hashing does not panic"),
            Err(_) => lines_root(left),
        };
        node_hash(&left, &right)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Party;
    use crate::domain::line::{LineKey, Reason};
    use crate::domain::money::Money;

    #[test]
    fn the_root_is_the_same_on_any_number_of_cores() {
        let line = |version: usize| PricedLine {
            key: LineKey {
                window: 0,
                debtor: Party(1),
                creditor: Party(2),
                reason: Reason::Adjustment,
                price_version: u32::try_from(version).unwrap(),
            },
            priced: None,
            amount: Money::parse("1.00", 2).unwrap(),
        };
        let lines: Vec<PricedLine> = (0..2 * LINES_A_THREAD + 2).map(line).collect();
        let threads = LINES_A_THREAD;
        let sizes = [
            0,
            1,
            2,
            3,
            threads,
            threads + 1,
            2 * threads,
            2 * threads + 1,
        ];
        for size in sizes.into_iter().chain([lines.len()]) {
            let part = &lines[..size];
            assert_eq!(lines_root(part), netting::lines_root(part), "{size}");
            if let Some((left, right)) = netting::halves(part) {
                let both = [left, right].map(netting::lines_root);
                assert_eq!(
                    node_hash(&both[0], &both[1]),
                    netting::lines_root(part),
                    "{size}"
                );
            }
        }
    }
}
