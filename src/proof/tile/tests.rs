//! The tiled tree against `ct-merkle`, for sizes around every boundary and for random batches.

use super::*;
use crate::proof::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;

type Tiles = BTreeMap<TileCoordinate, Vec<u8>>;
type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

struct Stored {
    edge: Edge,
    tiles: Tiles,
    oracle: Oracle,
}

impl Stored {
    fn new() -> Self {
        Stored {
            edge: Edge::new(),
            tiles: Tiles::new(),
            oracle: Oracle::new(),
        }
    }

    fn append(&mut self, count: u64) -> EdgeAppended {
        let begin = self.edge.size();
        let leaves: Vec<Hash> = (begin..begin + count).map(leaf).collect();
        (begin..begin + count).for_each(|index| self.oracle.push(index.to_be_bytes().to_vec()));
        let appended = self.edge.append(&leaves);
        for tile in &appended.tiles {
            let known = self.tiles.insert(tile.coordinate, tile.bytes.clone());
            assert_eq!(known, None, "a full tile is written once");
        }
        appended
    }

    fn read<'a>(&'a self) -> impl Fn(TileCoordinate) -> Result<Option<&'a Vec<u8>>, Infallible> {
        |coordinate| Ok(self.tiles.get(&coordinate))
    }

    fn check_recovery(&self) {
        let leaf_reads = Cell::new(0);
        let recovered = Edge::recover(self.edge.size(), self.read(), |index| {
            leaf_reads.set(leaf_reads.get() + 1);
            Ok(leaf(index))
        });
        assert_eq!(recovered.as_ref(), Ok(&self.edge));
        assert!(leaf_reads.get() < TILE_WIDTH);
    }
}

#[test]
fn a_tree_of_70000_leaves_has_the_tiles_of_the_specification() {
    let mut stored = Stored::new();
    stored.append(70_000);
    let full = |level| {
        stored
            .tiles
            .keys()
            .filter(|tile| tile.level == level)
            .count()
    };
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
    let partial = |level, index| {
        stored
            .edge
            .partial_tile(TileCoordinate { level, index })
            .map(<[Hash]>::len)
    };
    assert_eq!(
        (partial(0, 273), partial(1, 1), partial(2, 0)),
        (Some(112), Some(17), Some(1))
    );
    assert_eq!(
        (
            partial(0, 272),
            partial(0, 274),
            partial(1, 0),
            partial(3, 0)
        ),
        (None, None, None, None)
    );
    assert_eq!(stored.oracle.root().as_bytes()[..], stored.edge.root());
    stored.check_recovery();
    for (index, size) in [
        (0, 70_000),
        (69_999, 70_000),
        (65_535, 65_537),
        (300, 66_000),
    ] {
        let Ok(proof) = stored.edge.inclusion_proof(index, size, stored.read()) else {
            panic!("leaf {index} of {size}")
        };
        let root = stored.edge.root_at(size, stored.read()).unwrap();
        assert!(verify_inclusion(&leaf(index), index, size, &proof, &root));
    }
}

#[test]
fn a_tree_of_256_leaves_has_one_full_tile_and_one_hash_above_it() {
    let mut stored = Stored::new();
    let appended = stored.append(256);
    assert_eq!(appended.tiles.len(), 1);
    assert_eq!(
        stored
            .edge
            .partial_tile(TileCoordinate { level: 0, index: 1 }),
        None
    );
    let above = stored
        .edge
        .partial_tile(TileCoordinate { level: 1, index: 0 })
        .unwrap();
    assert_eq!(above, [stored.edge.root()]);
}

#[test]
fn every_size_up_to_two_tiles_and_a_bit_recovers_and_proves() {
    let mut stored = Stored::new();
    for size in 1..=530u64 {
        stored.append(1);
        assert_eq!(stored.oracle.root().as_bytes()[..], stored.edge.root());
        stored.check_recovery();
        for index in [0, size / 2, size - 1] {
            let proof = stored
                .edge
                .inclusion_proof(index, size, stored.read())
                .unwrap();
            let expected = stored
                .oracle
                .prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(proof.concat(), expected.as_bytes());
        }
    }
}

#[test]
fn what_is_not_in_the_tree_or_not_in_storage_is_an_error() {
    let mut stored = Stored::new();
    stored.append(600);
    let edge = &stored.edge;
    let out = || Err(TileError::OutOfRange);
    assert_eq!(edge.inclusion_proof(600, 600, stored.read()), out());
    assert_eq!(edge.inclusion_proof(0, 0, stored.read()), out());
    assert_eq!(edge.inclusion_proof(0, 601, stored.read()), out());
    assert_eq!(edge.consistency_proof(0, 601, stored.read()), out());
    assert_eq!(edge.consistency_proof(5, 4, stored.read()), out());
    assert_eq!(
        edge.root_at(601, stored.read()).unwrap_err(),
        TileError::OutOfRange
    );
    let first = TileCoordinate { level: 0, index: 0 };
    let missing = edge.inclusion_proof(3, 600, |_| Ok::<Option<Vec<u8>>, Infallible>(None));
    assert_eq!(missing, Err(TileError::Missing(first)));
    let short = edge.inclusion_proof(3, 600, |_| Ok::<_, Infallible>(Some(vec![0; 8_191])));
    assert_eq!(short, Err(TileError::WrongLength(first)));
    let failed = edge.inclusion_proof(3, 600, |_| Err::<Option<Vec<u8>>, _>("disk"));
    assert_eq!(failed, Err(TileError::Read("disk")));
    let failed = Edge::recover(600, |_| Err::<Option<Vec<u8>>, _>("disk"), |_| Ok([0; 32]));
    assert_eq!(failed, Err(TileError::Read("disk")));
    let changed = Edge::recover(600, stored.read(), |_| Ok([0; 32])).unwrap();
    assert_ne!(changed.root(), edge.root());
}

#[test]
fn a_proof_reads_no_tile_twice() {
    let mut stored = Stored::new();
    stored.append(70_000);
    let mut read = Vec::new();
    let proof = stored.edge.inclusion_proof(1_000, 69_000, |coordinate| {
        read.push(coordinate);
        Ok::<_, Infallible>(stored.tiles.get(&coordinate))
    });
    let root = stored.edge.root_at(69_000, stored.read()).unwrap();
    assert!(verify_inclusion(
        &leaf(1_000),
        1_000,
        69_000,
        &proof.unwrap(),
        &root
    ));
    let count = read.len();
    read.sort_unstable();
    read.dedup();
    assert_eq!(read.len(), count);
    assert!(count <= 3, "{read:?}");
}

#[test]
fn an_edge_of_no_leaves() {
    let edge = Edge::recover(0, |_| Ok(None::<Vec<u8>>), |_| Err("no leaf")).unwrap();
    assert_eq!(edge, Edge::new());
    assert_eq!(edge.root(), crate::proof::merkle::EMPTY_ROOT);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn agrees_with_the_oracle_for_any_batches_and_earlier_sizes(
        batches in prop::collection::vec(0u64..900, 1..8),
        picks in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 12),
    ) {
        let mut stored = Stored::new();
        for count in batches {
            let appended = stored.append(count);
            let size = stored.edge.size();
            for index in (size - count..size).step_by(97) {
                let proof = appended.nodes.inclusion_proof(index);
                prop_assert_eq!(Ok(proof), stored.edge.inclusion_proof(index, size, stored.read()));
            }
            stored.check_recovery();
        }
        let size = stored.edge.size();
        let oracle_root = stored.oracle.root();
        prop_assert_eq!(&oracle_root.as_bytes()[..], stored.edge.root());
        for [a, b] in picks.iter().filter(|_| size > 0) {
            let later = b.index(usize::try_from(size).unwrap()) as u64 + 1;
            let earlier = a.index(usize::try_from(later).unwrap()) as u64;
            let mut oracle = Oracle::new();
            (0..later).for_each(|index| oracle.push(index.to_be_bytes().to_vec()));
            let root = stored.edge.root_at(later, stored.read()).unwrap();
            let oracle_root = oracle.root();
            prop_assert_eq!(&oracle_root.as_bytes()[..], root);
            let proof = stored.edge.inclusion_proof(earlier, later, stored.read()).unwrap();
            let expected = oracle.prove_inclusion(usize::try_from(earlier).unwrap());
            prop_assert_eq!(proof.concat(), expected.as_bytes());
            let proof = stored.edge.consistency_proof(earlier, later, stored.read()).unwrap();
            let old_root = stored.edge.root_at(earlier, stored.read()).unwrap();
            prop_assert!(verify_consistency(earlier, &old_root, later, &root, &proof));
            if earlier > 0 {
                let additions = usize::try_from(later - earlier).unwrap();
                let expected = oracle.prove_consistency(additions);
                prop_assert_eq!(proof.concat(), expected.as_bytes());
            }
        }
    }
}

#[test]
fn the_edge_is_built_again_from_the_partial_tiles_of_any_size() {
    let mut stored = Stored::new();
    stored.append(66_000);
    let hashes = |path: TilePath| -> Result<Vec<u8>, Infallible> {
        let coordinate = path.coordinate().unwrap();
        let partial = stored.edge.partial_tile(coordinate).map(<[Hash]>::concat);
        let mut bytes = partial.unwrap_or_else(|| stored.tiles[&coordinate].clone());
        bytes.truncate(path.count() * 32);
        Ok(bytes)
    };
    for size in [
        0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_999,
    ] {
        let edge = Edge::of_partial_tiles(size, hashes).unwrap();
        let root = stored.edge.root_at(size, stored.read()).unwrap();
        assert_eq!((edge.size(), edge.root()), (size, root));
        assert!(TilePath::edge(size).count() <= 3);
    }
    assert_eq!(
        Edge::of_partial_tiles(66_000, hashes).as_ref(),
        Ok(&stored.edge)
    );
    let short = Edge::of_partial_tiles(3, |_| Ok::<_, Infallible>([0; 64]));
    let at = TileCoordinate { level: 0, index: 0 };
    assert_eq!(short, Err(TileError::WrongLength(at)));
}

#[test]
fn a_tile_is_as_wide_as_the_tree_makes_it() {
    for (size, level, index, width) in [
        (70_000, 0, 272, 256),
        (70_000, 0, 273, 112),
        (70_000, 0, 274, 0),
        (70_000, 1, 1, 17),
        (70_000, 2, 0, 1),
        (70_000, 3, 0, 0),
        (70_000, 63, 0, 0),
        (70_000, 0, u64::MAX, 0),
        (u64::MAX, 0, (1 << 56) - 1, 255),
        (u64::MAX, 7, 0, 255),
        (u64::MAX, 8, 0, 0),
        (256, 0, 0, 256),
        (256, 1, 0, 1),
    ] {
        assert_eq!(
            tile_width(size, TileCoordinate { level, index }),
            width,
            "{size} {level} {index}"
        );
    }
}
