//! Effects go there and back, in one form only.

use super::*;
use crate::domain::effect::{ControlTotals, Given, MoveKind, Netted, PaymentGiven};
use crate::domain::ids::Reference;
use crate::domain::line::Reason;
use crate::domain::lot::{Lot, LotKey};
use crate::domain::member::Balance;
use crate::domain::money::{Currency, Money};
use crate::domain::programme::Netting;
use crate::domain::submission::{Action, Issue, Op, Transfer};
use crate::domain::window::ItemKey;
use proptest::collection::vec;
use proptest::prelude::*;
use smallvec::SmallVec;

const ENTRY: u64 = 70_000;

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn op(action: Action) -> Op {
    Op {
        id: Reference::parse("o-1").unwrap(),
        occurred_at: None,
        receipt_ref: None,
        action,
    }
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn ops() -> Vec<Op> {
    let points = Points::new(5);
    vec![
        op(Action::Issue(Issue {
            member: reference("m1"),
            points,
            activates_on: None,
            expires_on: None,
        })),
        op(Action::Transfer(Transfer {
            from: reference("m1"),
            to: reference("m2"),
            points,
        })),
        op(Action::Approve(reference("p1"))),
    ]
}

fn points() -> impl Strategy<Value = Points> {
    prop_oneof![0..300u64, 0..1u64 << 53].prop_map(|units| Points::new(units).unwrap())
}

fn place() -> impl Strategy<Value = OpAt> {
    (prop_oneof![Just(ENTRY), 0..u64::MAX], 0..4u16).prop_map(|(entry, op)| OpAt { entry, op })
}

fn days() -> impl Strategy<Value = Day> {
    (0..=Day::MAX.0).prop_map(Day)
}

fn step() -> impl Strategy<Value = Move> {
    let key = (any::<u16>(), days(), days(), days(), any::<u32>());
    let key = key.prop_map(
        |(issuer, issued_on, activates_on, expires_on, version)| LotKey {
            issuer: Party(issuer),
            issued_on,
            activates_on,
            expires_on,
            price_version: version,
        },
    );
    let kind = prop::sample::select(MoveKind::ALL.to_vec());
    (kind, key, place(), points()).prop_map(|(kind, key, first, points)| Move {
        kind,
        slice: Lot { key, first, points },
    })
}

fn debt() -> impl Strategy<Value = DebtMove> {
    let fields = (any::<bool>(), any::<u16>(), any::<u32>(), points());
    fields.prop_map(|(repaid, issuer, price_version, points)| DebtMove {
        repaid,
        issuer: Party(issuer),
        price_version,
        points,
    })
}

fn line() -> impl Strategy<Value = LineMove> {
    let total = (points(), 0..10_000_000_000_000_000_000u64);
    let reason = prop::sample::select(Reason::ALL.to_vec());
    let fields = (any::<(u16, u16)>(), reason, any::<u32>(), total);
    fields.prop_map(
        |((debtor, creditor), reason, price_version, (points, units))| LineMove {
            debtor: Party(debtor),
            creditor: Party(creditor),
            reason,
            price_version,
            total: match reason {
                Reason::Adjustment => {
                    LineTotal::Amount(Money::from_minor_units(units.into(), &euro()).unwrap())
                }
                _ => LineTotal::Priced(points),
            },
        },
    )
}

fn touch() -> impl Strategy<Value = Touch> {
    let balance = (points(), points(), points(), points());
    let member = "[A-Za-z0-9][A-Za-z0-9._:-]{0,63}".prop_map(|text| reference(&text));
    let moves = (vec(step(), 0..4), vec(debt(), 0..3));
    let fields = (member, moves, balance, prop::option::of(place()));
    fields.prop_map(|(member, (moves, debts), balance, previous)| Touch {
        member,
        named: false,
        moves: SmallVec::from_vec(moves),
        debts: SmallVec::from_vec(debts),
        balance: Balance {
            available: balance.0,
            pending: balance.1,
            held: balance.2,
            debt: balance.3,
        },
        previous,
    })
}

fn control() -> impl Strategy<Value = ControlTotals> {
    (points(), points(), points(), points()).prop_map(|(issued, burned, expired, outstanding)| {
        ControlTotals {
            issued,
            burned,
            expired,
            outstanding,
        }
    })
}

fn netted() -> impl Strategy<Value = Netted> {
    let amounts = (0..1u64 << 53, any::<u64>(), any::<u64>());
    let roots = (any::<[u8; 32]>(), any::<[u8; 32]>());
    let counts = (any::<bool>(), any::<bool>(), any::<u64>(), any::<u64>());
    (roots, amounts, days(), counts).prop_map(|(roots, amounts, due_on, counts)| {
        let money = |units: u64| Money::from_minor_units(units.into(), &euro()).unwrap();
        Netted {
            held: counts.0,
            lines_root: roots.0,
            positions_root: roots.1,
            netting: match counts.1 {
                true => Netting::Bilateral,
                false => Netting::Multilateral,
            },
            payment_minimum: money(amounts.0),
            due_on,
            lines: counts.2,
            gross: money(amounts.1),
            net: money(amounts.2),
            payments: counts.3,
        }
    })
}

fn effect() -> impl Strategy<Value = Effect> {
    let given = prop_oneof![
        any::<u16>().prop_map(|party| Given::Party(Party(party))),
        any::<u32>().prop_map(Given::PriceVersion),
        any::<bool>().prop_map(Given::More),
        (
            days(),
            days(),
            any::<u32>(),
            any::<u32>(),
            vec(control(), 0..3)
        )
            .prop_map(
                |(first_day, last_day, rules_version, price_version, control)| Given::Cut {
                    first_day,
                    last_day,
                    rules_version,
                    price_version,
                    control,
                }
            ),
        netted().prop_map(|netted| Given::Netted(Box::new(netted))),
        (
            any::<u32>(),
            any::<u16>(),
            any::<u16>(),
            any::<u64>(),
            days()
        )
            .prop_map(|(window, debtor, creditor, units, due_on)| {
                let key = ItemKey {
                    window,
                    debtor: Party(debtor),
                    creditor: Party(creditor),
                };
                Given::Payment(PaymentGiven {
                    key,
                    amount: Money::from_minor_units(units.into(), &euro()).unwrap(),
                    due_on,
                })
            }),
        (any::<u16>(), days()).prop_map(|(party, day)| Given::AnswerBy(Party(party), day)),
    ];
    let applied = (
        vec(touch(), 0..4),
        vec(line(), 0..3),
        prop::option::of(given),
    );
    let refused = |r: &Rejection| ![Rejection::Applied, Rejection::Duplicate].contains(r);
    let refused: Vec<_> = Rejection::all().filter(refused).collect();
    prop_oneof![
        prop::sample::select(refused).prop_map(Effect::Refused),
        place().prop_map(Effect::Duplicate),
        applied.prop_map(|(touches, lines, given)| Effect::Applied(Applied {
            touches: SmallVec::from_vec(touches),
            lines: SmallVec::from_vec(lines),
            given,
        })),
    ]
}

/// Lets ops name the members that they do name, as the domain's visits say.
fn name_members(effects: &mut [Effect], ops: &[Op]) {
    for (effect, op) in effects.iter_mut().zip(ops) {
        let Effect::Applied(applied) = effect else {
            continue;
        };
        for (touch, member) in applied.touches.iter_mut().zip(op.action.members()) {
            if let Some(member) = member {
                (touch.member, touch.named) = (*member, true);
            }
        }
    }
}

fn encoded(effects: &[Effect]) -> Vec<u8> {
    let mut out = vec![9, 9];
    encode(ENTRY, effects, &mut out);
    out
}

proptest! {
    #[test]
    fn decode_after_encode_is_the_identity(mut effects in vec(effect(), 3)) {
        name_members(&mut effects, &ops());
        let bytes = encoded(&effects);
        prop_assert_eq!(decode(&bytes, ENTRY, &ops(), &euro()), Ok(effects));
    }

    #[test]
    fn what_decodes_is_what_encode_writes(
        effects in vec(effect(), 3),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
    ) {
        let mut bytes = encoded(&effects);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(effects) = decode(&bytes, ENTRY, &ops(), &euro()) {
            prop_assert_eq!(encoded(&effects), bytes);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, ENTRY, &ops(), &euro());
        let framed = [&[0x82, 1, 0x83][..], &bytes].concat();
        let _ = decode(&framed, ENTRY, &ops(), &euro());
    }
}

#[test]
fn the_bytes_of_an_issue_never_change() {
    let lot = Lot {
        key: LotKey {
            issuer: Party(2),
            issued_on: Day(17_167),
            activates_on: Day(17_167),
            expires_on: Day(17_897),
            price_version: 1,
        },
        first: OpAt {
            entry: ENTRY,
            op: 0,
        },
        points: Points::new(500).unwrap(),
    };
    let mut applied = Applied::default();
    applied.touches.push(Touch {
        member: reference("m1"),
        named: true,
        moves: SmallVec::from_slice(&[Move {
            kind: MoveKind::Issued,
            slice: lot,
        }]),
        debts: SmallVec::new(),
        balance: Balance {
            available: Points::new(500).unwrap(),
            ..Balance::default()
        },
        previous: Some(OpAt { entry: 3, op: 1 }),
    });
    applied.lines.push(LineMove::priced(
        (Party(2), Party::HOUSE),
        Reason::IssueFee,
        1,
        lot.points,
    ));
    let bytes = encoded(&[Effect::Applied(applied)]);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "82018183008188608187000219430f19430f1945e9011901f4801901f4000000820301818502000401\
         1901f4"
    );
}

#[test]
fn other_forms_of_the_same_effects_are_refused() {
    let refused = |bytes: &[u8], ops: &[Op]| decode(bytes, ENTRY, ops, &euro()).unwrap_err();
    let ops = ops();
    let one = &ops[..1];
    assert_eq!(
        refused(&[0x82, 2, 0x81, 0x81, 3], one),
        EffectsError::Version(2)
    );
    assert!(decode(&[0x82, 1, 0x81, 0x81, 3], ENTRY, one, &euro()).is_ok());
    let value = |bytes: &[u8], ops: &[Op]| match refused(bytes, ops) {
        EffectsError::Value { wanted, .. } => wanted,
        error => panic!("{error}"),
    };
    assert_eq!(
        value(&[0x82, 1, 0x81, 0x81, 3], &ops),
        "one effect for each op"
    );
    assert_eq!(value(&[0x82, 1, 0x81, 0x81, 4], one), "an outcome");
    assert_eq!(
        value(&[0x82, 1, 0x81, 0x81, 0], one),
        "an effect of this outcome"
    );
    assert_eq!(
        value(&[0x82, 1, 0x81, 0x82, 3, 0], one),
        "an effect of this outcome"
    );
    let touch = [
        0x82, 1, 0x81, 0x83, 0, 0x81, 0x88, 0x60, 0x80, 0x80, 0, 0, 0, 0, 0x80, 0x80,
    ];
    assert!(decode(&touch, ENTRY, one, &euro()).is_ok());
    assert_eq!(
        value(&touch, &ops[2..]),
        "a member",
        "an approve names nobody"
    );
    for cut in 0..touch.len() {
        assert!(matches!(
            refused(&touch[..cut], one),
            EffectsError::Cbor { .. }
        ));
    }
    let trailing = [&touch[..], &[0]].concat();
    assert!(matches!(refused(&trailing, one), EffectsError::Cbor { .. }));
}
