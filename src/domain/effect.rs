//! Effects: what each op of a submission did. Stored beside the entry and bound by its digest.
//!
//! Must not: hold anything that the entries before do not determine. `schemas/effects.cddl` draws
//! the bytes, which `proof::effects` writes.

use super::ids::{OpAt, Party, Reference};
use super::line::LineMove;
use super::lot::Lot;
use super::member::Balance;
use super::money::Money;
use super::points::Points;
use super::programme::Netting;
use super::rejection::Rejection;
use super::submission::Action;
use super::time::Day;
use super::window::ItemKey;
use smallvec::SmallVec;

/// What one op did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every effect is an applied one"
)]
pub enum Effect {
    /// It was refused and changed nothing.
    Refused(Rejection),
    /// It was applied before, by the op named here.
    Duplicate(OpAt),
    /// It took effect.
    Applied(Applied),
}

impl Effect {
    /// The op's outcome.
    pub fn outcome(&self) -> Rejection {
        match self {
            Self::Refused(rejection) => *rejection,
            Self::Duplicate(_) => Rejection::Duplicate,
            Self::Applied(_) => Rejection::Applied,
        }
    }
}

/// What an applied op changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Members touched, in the order in which they were.
    pub touches: SmallVec<[Touch; 1]>,
    /// Lines of the open window that grew.
    pub lines: SmallVec<[LineMove; 2]>,
    /// A number that the ledger gave.
    pub given: Option<Given>,
}

impl Applied {
    /// How many points the op moved as it was asked to; what time and debts moved beside is not in
    /// it. Nothing for kinds that move none.
    pub fn points_moved(&self, action: &Action) -> Option<Points> {
        let kinds: &[MoveKind] = match action {
            Action::Issue(_) => &[MoveKind::Issued],
            Action::Burn(_) => &[MoveKind::Burned],
            Action::Hold(_) => &[MoveKind::Held],
            Action::Capture(_) => &[MoveKind::Captured],
            Action::Release(_) => &[MoveKind::Released],
            Action::Reverse(_) => &[MoveKind::TakenBack, MoveKind::Restored],
            Action::Transfer(_) => &[MoveKind::TransferredOut],
            Action::Expire(_) => &[MoveKind::Expired],
            _ => return None,
        };
        let moves = self.touches.iter().flat_map(|touch| touch.moves.iter());
        let counted = moves.filter(|step| kinds.contains(&step.kind));
        Points::sum(counted.map(|step| step.slice.points))
    }

    /// How many slices it moved.
    pub fn moves(&self) -> usize {
        self.touches.iter().map(|touch| touch.moves.len()).sum()
    }
}

/// A number that the ledger gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// The party number of a partner.
    Party(Party),
    /// The version of a price list.
    PriceVersion(u32),
    /// Whether a sweep left lots that are due.
    More(bool),
    /// What a cut ended.
    Cut {
        /// The first day that the window covers.
        first_day: Day,
        /// The last day that it covers.
        last_day: Day,
        /// The rules in force.
        rules_version: u32,
        /// The price list in force; 0 before the first.
        price_version: u32,
        /// Points of every party since founding, the house first.
        control: Vec<ControlTotals>,
    },
    /// What netting a window came to.
    Netted(Box<Netted>),
    /// The payment that was confirmed or returned.
    Payment(PaymentGiven),
    /// Who answers a dispute, and the last day to do so.
    AnswerBy(Party, Day),
}

/// A payment that was confirmed or returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentGiven {
    /// Which one.
    pub key: ItemKey,
    /// How much.
    pub amount: Money,
    /// The day by which it is, or was, due.
    pub due_on: Day,
}

/// What netting a window came to. Positions and payments follow from the lines and these terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netted {
    /// Whether the two computations differ, so that nothing was settled.
    pub held: bool,
    /// RFC 6962 root over the ledger's own priced lines.
    pub lines_root: [u8; 32],
    /// RFC 6962 root over the positions that they come to.
    pub positions_root: [u8; 32],
    /// Who pays whom.
    pub netting: Netting,
    /// Amounts under this roll forward.
    pub payment_minimum: Money,
    /// The day by which payments are due.
    pub due_on: Day,
    /// How many lines there are.
    pub lines: u64,
    /// The sum of all lines.
    pub gross: Money,
    /// What net debtors owe in all.
    pub net: Money,
    /// How many payments there are.
    pub payments: u64,
}

/// Points of one issuer since founding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlTotals {
    /// Issued, less taken back.
    pub issued: Points,
    /// Burned, less restored.
    pub burned: Points,
    /// Expired.
    pub expired: Points,
    /// What members have.
    pub outstanding: Points,
}

/// What one op did to one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The member.
    pub member: Reference,
    /// Whether the op's own fields name it, so that effects need not.
    pub named: bool,
    /// Slices moved, in order.
    pub moves: SmallVec<[Move; 1]>,
    /// Debts that rose or fell, in order.
    pub debts: SmallVec<[DebtMove; 0]>,
    /// Its totals after the op, on the ledger day of acceptance.
    pub balance: Balance,
    /// The op that touched it before.
    pub previous: Option<OpAt>,
}

/// A slice that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// How.
    pub kind: MoveKind,
    /// What; where a move makes a new key, the new one.
    pub slice: Lot,
}

/// How a slice moved. Numbers are never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum MoveKind {
    /// Made by an issue.
    Issued = 0,
    /// Taken back by a reversal.
    TakenBack = 1,
    /// Consumed.
    Burned = 2,
    /// Given back by a reversal.
    Restored = 3,
    /// Set aside.
    Held = 4,
    /// Given back from a hold.
    Released = 5,
    /// Given back because the hold's deadline passed.
    Lapsed = 6,
    /// Consumed from a hold.
    Captured = 7,
    /// Swept after its last valid day.
    Expired = 8,
    /// Used up by a debt.
    DebtRepaid = 9,
    /// Left for another member.
    TransferredOut = 10,
    /// Came from another member.
    TransferredIn = 11,
    /// Made by an adjustment.
    AdjustedIn = 12,
    /// Removed by an adjustment.
    AdjustedOut = 13,
}

impl MoveKind {
    /// Every kind, by number.
    pub const ALL: [Self; 14] = [
        Self::Issued,
        Self::TakenBack,
        Self::Burned,
        Self::Restored,
        Self::Held,
        Self::Released,
        Self::Lapsed,
        Self::Captured,
        Self::Expired,
        Self::DebtRepaid,
        Self::TransferredOut,
        Self::TransferredIn,
        Self::AdjustedIn,
        Self::AdjustedOut,
    ];

    /// The word used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::TakenBack => "taken_back",
            Self::Burned => "burned",
            Self::Restored => "restored",
            Self::Held => "held",
            Self::Released => "released",
            Self::Lapsed => "lapsed",
            Self::Captured => "captured",
            Self::Expired => "expired",
            Self::DebtRepaid => "debt_repaid",
            Self::TransferredOut => "transferred_out",
            Self::TransferredIn => "transferred_in",
            Self::AdjustedIn => "adjusted_in",
            Self::AdjustedOut => "adjusted_out",
        }
    }

    /// The number written in effects.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A debt that rose or fell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebtMove {
    /// Whether it fell.
    pub repaid: bool,
    /// To whom it is owed.
    pub issuer: Party,
    /// The price version of the reversed issue.
    pub price_version: u32,
    /// By how many points.
    pub points: Points,
}
