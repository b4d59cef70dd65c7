//! What members and changes are after puts and restores, and what a sweep lets go.

use super::*;
use crate::domain::ids::{OpAt, Party};
use crate::domain::invariants::Checksum;
use crate::domain::lot::{Lot, LotKey};
use crate::domain::member::Debt;
use crate::domain::points::Points;
use crate::domain::time::Day;
use crate::domain::visit::Before;

fn id(number: u32) -> Reference {
    Reference::parse(&format!("m-{number}")).expect("a reference")
}

fn member(entry: u64, debts: u16) -> Member {
    let debt = |issuer| Debt {
        issuer: Party(issuer),
        price_version: 1,
        points: Points::MAX,
    };
    Member {
        last: Some(OpAt { entry, op: 0 }),
        debts: (0..debts).map(debt).collect(),
        ..Member::default()
    }
}

fn with_lots(entry: u64, lots: usize) -> Member {
    let mut member = member(entry, 0);
    for number in 0..lots {
        let issued = Lot {
            key: LotKey {
                issuer: Party(1),
                issued_on: Day(1),
                activates_on: Day(1),
                expires_on: Day(i32::try_from(number).expect("few")),
                price_version: 1,
            },
            first: OpAt { entry, op: 0 },
            points: Points::MAX,
        };
        member.lots.add(issued).expect("within range");
    }
    member
}

fn put(members: &mut Members, number: u32, member: Member) {
    let before = Before {
        due_days: DueDays::new(),
        checksum: Checksum::default(),
    };
    let id = id(number);
    members.put(&mut Revision { id, before, member }, 0);
}

fn has(members: &mut Members, number: u32) -> bool {
    members.missing(vec![id(number)]).is_empty()
}

#[test]
fn members_are_what_was_last_put_and_changes_are_told_once() {
    let mut members = Members::default();
    assert!(!has(&mut members, 1));
    members.load(&id(1), None);
    members.load(&id(2), None);
    assert!(has(&mut members, 1));
    assert_eq!(members.get(&id(1)), None);
    put(&mut members, 2, with_lots(9, 2 * OPEN_LOTS));
    assert_eq!(members.get(&id(2)), Some(with_lots(9, 2 * OPEN_LOTS)));
    let bytes = members.packed(&id(2)).expect("it is there");
    assert_eq!(packed::unpack(&bytes), Some(with_lots(9, 2 * OPEN_LOTS)));
    put(&mut members, 2, with_lots(8, 1));
    assert_eq!(members.get(&id(2)), Some(with_lots(8, 1)));
    put(&mut members, 2, with_lots(7, 2 * OPEN_LOTS));
    for (entry, debts) in [(0, 0), (1, 9), (2, 1), (3, 200), (4, 0)] {
        put(&mut members, 1, member(entry, debts));
        assert_eq!(members.get(&id(1)), Some(member(entry, debts)));
    }
    let told = |changes: &MemberChanges| -> Vec<_> {
        let told = changes.members.iter().map(|change| {
            let packed = change.packed.clone();
            let packed = packed.and_then(|range| packed::unpack(&changes.bytes[range]));
            (change.id, packed)
        });
        told.collect()
    };
    let both = [
        (id(2), Some(with_lots(7, 2 * OPEN_LOTS))),
        (id(1), Some(member(4, 0))),
    ];
    let changes = members.take_changes();
    assert_eq!(told(&changes), both);
    assert_eq!(members.get(&id(2)), Some(with_lots(7, 2 * OPEN_LOTS)));
    let bytes = &changes.bytes[changes.members[1].packed.clone().expect("it is there")];
    put(&mut members, 1, member(5, 0));
    members.restore(&id(1), Some(bytes), 0);
    members.load(&id(3), None);
    put(&mut members, 3, member(1, 1));
    members.restore(&id(3), None, 0);
    let expected = [(id(1), Some(member(4, 0))), (id(3), None)];
    assert_eq!(told(&members.take_changes()), expected);
    assert!(members.take_changes().members.is_empty());
    assert_eq!(members.get(&id(3)), None);
    members.load(&id(4), Some(bytes));
    assert_eq!(members.get(&id(4)), Some(member(4, 0)));
    assert_eq!(members.records().count(), 3, "one was taken back");
}

#[test]
fn a_sweep_lets_go_of_what_is_old_and_of_nothing_else() {
    const COUNT: u32 = 50_000;
    let next_index = u64::from(COUNT);
    let mut members = Members::default();
    for number in 0..COUNT {
        members.load(&id(number), None);
        put(&mut members, number, member(u64::from(number), 0));
    }
    members.take_changes();
    let half = members.bytes() / 2;
    let count = |members: &Members| members.records().count();
    members.sweep(half, 0, next_index);
    assert_eq!(count(&members), 50_000, "all were touched since the start");
    members.sweep(half, next_index - 1, next_index);
    assert_eq!(count(&members), 50_000, "not all of it is published");
    let kept = |number: &u32| number.is_multiple_of(10);
    assert!(
        (0..COUNT)
            .filter(kept)
            .all(|number| has(&mut members, number))
    );
    members.sweep(half, next_index, next_index);
    assert!(members.bytes() <= half, "{} of {half}", members.bytes());
    assert!(
        (0..COUNT)
            .filter(kept)
            .all(|number| has(&mut members, number))
    );
    let left = count(&members);
    assert!((15_000..30_000).contains(&left), "{left}");
    assert!((0..COUNT).all(|number| {
        let missing = members.missing(vec![id(number)]).len();
        missing == 1 || members.get(&id(number)) == Some(member(u64::from(number), 0))
    }));
}
