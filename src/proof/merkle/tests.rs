//! The tree against the vectors of certificate transparency, against `ct-merkle`, and against the
//! recursive definition of RFC 6962 written down as it stands there.

use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use std::convert::Infallible;

/// MTH of RFC 6962 §2.1, over leaf hashes.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&definition(left), &definition(right))
        }
    }
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&entry(index))).collect()
}

fn oracle(count: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..count).for_each(|index| tree.push(entry(index)));
    tree
}

/// A source of complete nodes that fails the test when asked for any other.
fn nodes(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
    |level, index| {
        let range = (index << level) as usize..((index + 1) << level) as usize;
        Ok(definition(&leaves[range]))
    }
}

fn hex(text: &str) -> Hash {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    std::array::from_fn(|index| digit(2 * index))
}

#[test]
fn certificate_transparency_vectors() {
    let inputs: [&[u8]; 8] = [
        b"",
        &[0],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), EMPTY_ROOT);
    assert_eq!(definition(&[]), EMPTY_ROOT);
    for (input, root) in inputs.iter().zip(roots) {
        frontier.push(leaf_hash(input));
        assert_eq!(frontier.root(), hex(root));
    }
}

#[test]
fn proofs_of_all_small_trees_verify_and_agree_with_the_oracle() {
    const SIZE_MAX: u64 = 70;
    let all = leaves(SIZE_MAX);
    for size in 1..=SIZE_MAX {
        let tree = &all[..size as usize];
        let root = definition(tree);
        let oracle = oracle(size);
        assert_eq!(root_of(size, nodes(tree)), Ok(root));
        assert_eq!(oracle.root().as_bytes()[..], root);
        for index in 0..size {
            let Ok(proof) = inclusion_proof(index, size, nodes(tree));
            assert_eq!(
                proof.concat(),
                oracle.prove_inclusion(index as usize).as_bytes()
            );
            assert!(verify_inclusion(
                &all[index as usize],
                index,
                size,
                &proof,
                &root
            ));
        }
        for old_size in 1..=size {
            let Ok(proof) = consistency_proof(old_size, size, nodes(tree));
            if old_size < size {
                let additions = (size - old_size) as usize;
                assert_eq!(
                    proof.concat(),
                    oracle.prove_consistency(additions).as_bytes()
                );
            }
            let old_root = definition(&all[..old_size as usize]);
            assert!(verify_consistency(old_size, &old_root, size, &root, &proof));
        }
    }
}

#[test]
fn proofs_for_anything_else_are_refused() {
    let all = leaves(20);
    let root = |size: u64| definition(&all[..size as usize]);
    for size in 1..=20u64 {
        for index in 0..size {
            let Ok(proof) = inclusion_proof(index, size, nodes(&all));
            let leaf = &all[index as usize];
            let verify = |index, size, proof: &[Hash]| {
                verify_inclusion(leaf, index, size, proof, &root(20.min(size)))
            };
            for other in (0..22).filter(|other| *other != index) {
                assert!(
                    !verify(other, size, &proof),
                    "index {other} for {index} of {size}"
                );
            }
            for other in (1..=20).filter(|other| *other != size) {
                assert!(
                    !verify(index, other, &proof),
                    "size {other} for {index} of {size}"
                );
            }
            assert!(!verify(index, size, &[&proof[..], &[root(1)]].concat()));
            if let Some((_, rest)) = proof.split_first() {
                assert!(!verify(index, size, rest));
                assert!(!verify(index, size, &proof[..proof.len() - 1]));
            }
            assert!(!verify_inclusion(
                &[0; 32],
                index,
                size,
                &proof,
                &root(size)
            ));
            assert!(!verify_inclusion(leaf, index, size, &proof, &[0; 32]));
        }
        for old in 1..size {
            let Ok(proof) = consistency_proof(old, size, nodes(&all));
            let verify = |old: u64, new: u64, proof: &[Hash]| {
                verify_consistency(old, &root(old), new, &root(new), proof)
            };
            assert!(verify(old, size, &proof));
            assert!(!verify(old, size, &[&proof[..], &[root(1)]].concat()));
            assert!(!verify(old, size, &proof[1..]));
            assert!(!verify(size, old, &proof));
            assert!(!verify_consistency(
                old,
                &[0; 32],
                size,
                &root(size),
                &proof
            ));
            assert!(!verify_consistency(old, &root(old), size, &[0; 32], &proof));
        }
    }
}

#[test]
fn consistency_with_the_empty_tree_and_with_itself() {
    let root = definition(&leaves(5));
    assert!(verify_consistency(0, &EMPTY_ROOT, 5, &root, &[]));
    assert!(!verify_consistency(0, &root, 5, &root, &[]));
    assert!(!verify_consistency(0, &EMPTY_ROOT, 5, &root, &[root]));
    assert!(verify_consistency(0, &EMPTY_ROOT, 0, &EMPTY_ROOT, &[]));
    assert!(!verify_consistency(0, &root, 0, &root, &[]));
    assert!(verify_consistency(5, &root, 5, &root, &[]));
    assert!(!verify_consistency(5, &root, 5, &EMPTY_ROOT, &[]));
    assert!(!verify_consistency(5, &root, 5, &root, &[root]));
    assert_eq!(consistency_proof(0, 5, nodes(&leaves(5))), Ok(Vec::new()));
    assert_eq!(consistency_proof(5, 5, nodes(&leaves(5))), Ok(Vec::new()));
    assert_eq!(root_of(0, nodes(&[])), Ok(EMPTY_ROOT));
}

#[test]
fn every_split_of_a_small_tree_into_two_batches_proves_the_second() {
    let all = leaves(40);
    for size in 1..=40u64 {
        let Ok(expected) = Frontier::from_nodes(size, nodes(&all));
        for old_size in 0..=size {
            let mut frontier = Frontier::new();
            frontier.append(&all[..old_size as usize]);
            let appended = frontier.append(&all[old_size as usize..size as usize]);
            assert_eq!(frontier, expected);
            assert_eq!((appended.old_size(), appended.new_size()), (old_size, size));
            for index in old_size..size {
                let proof = inclusion_proof(index, size, nodes(&all));
                assert_eq!(Ok(appended.inclusion_proof(index)), proof);
            }
        }
    }
}

#[test]
fn huge_sizes_do_not_overflow() {
    let hash = [7; 32];
    assert!(!verify_inclusion(
        &hash,
        u64::MAX - 1,
        u64::MAX,
        &[hash; 64],
        &hash
    ));
    assert!(!verify_inclusion(
        &hash,
        u64::MAX,
        u64::MAX,
        &[hash; 64],
        &hash
    ));
    assert!(!verify_consistency(
        u64::MAX - 1,
        &hash,
        u64::MAX,
        &hash,
        &[hash; 65]
    ));
    assert!(!verify_consistency(
        1 << 63,
        &hash,
        u64::MAX,
        &hash,
        &[hash; 65]
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn batches_of_any_length_agree_with_single_appends_and_the_oracle(
        batches in prop::collection::vec(0usize..600, 1..6),
    ) {
        let all = leaves(batches.iter().sum::<usize>() as u64);
        let (mut batched, mut single) = (Frontier::new(), Frontier::new());
        for batch in batches {
            let begin = batched.size() as usize;
            let appended = batched.append(&all[begin..begin + batch]);
            all[begin..begin + batch].iter().for_each(|leaf| single.push(*leaf));
            prop_assert_eq!(&batched, &single);
            for index in [begin, begin + batch / 2, begin + batch.saturating_sub(1)] {
                if batch > 0 {
                    let proof = appended.inclusion_proof(index as u64);
                    let (size, root) = (batched.size(), batched.root());
                    prop_assert!(
                        verify_inclusion(&all[index], index as u64, size, &proof, &root)
                    );
                }
            }
        }
        let root = oracle(all.len() as u64).root();
        prop_assert_eq!(&root.as_bytes()[..], batched.root());
    }

    #[test]
    fn hostile_proofs_never_panic(
        index: u64, size: u64, old_size: u64, proof in prop::collection::vec(any::<Hash>(), 0..70),
    ) {
        let hash = [1; 32];
        prop_assert!(size == 1 || !verify_inclusion(&hash, index, size, &proof, &hash));
        let _ = verify_consistency(old_size, &hash, size, &[2; 32], &proof);
    }
}
