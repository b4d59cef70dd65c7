//! Makes signed submissions in advance, and keeps what they will have done.
//!
//! Each connection has a stream of its own, whose members and open holds no other stream touches:
//! a connection sends one submission after the other, so what each op will do is known when it is
//! made, though the connections race. Every op is made so that the house has to apply it.
//! Must not: depend on the time anything takes; the same seed makes the same stream.

use super::members::{Members, Sequence, Zipf};
use crate::proof::jws::{self, Typ};
use crate::proof::keys::Signer;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

/// Authors of a stream at least: several keys take turns on one connection.
const AUTHORS_MIN: usize = 4;
/// Members that a stream remembers for burning.
const RECENT_MAX: usize = 64;
/// Open holds and reversible burns that an author remembers.
const OPEN_MAX: usize = 256;
/// Members that are looked at for points, before one is taken that has some.
const TRIES: usize = 3;
const BURN_POINTS: u32 = 40;
const HOLD_POINTS: u32 = 30;
const HOLD_TTL_S: u32 = 86_400;

/// Which members the ops are about.
#[derive(Clone)]
pub enum Choice {
    /// One after the other, from the first.
    Each,
    /// By a Zipf distribution over so many.
    Skewed(Zipf),
}

/// What the submissions of a scenario look like.
#[derive(Clone)]
pub struct Shape {
    /// Ops of each.
    pub ops: usize,
    /// Whether there are burns, holds and reversals too.
    pub mixed: bool,
    /// Whose they are.
    pub choice: Choice,
    /// Whether only what is accepted counts: then each is one issue, told by its request.
    pub counted_later: bool,
}

/// A request, ready to be sent.
pub struct Request {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Where its body begins.
    pub body_at: usize,
    /// Ops in it.
    pub ops: usize,
    /// The member and points of an issue that counts once it is accepted.
    pub issue: Option<(usize, u32)>,
}

impl Request {
    /// The signed envelope.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.body_at..]
    }
}

/// Where and until when submissions are good.
#[derive(Clone)]
pub struct Place {
    /// The path that takes submissions.
    pub path: String,
    /// The ledger's origin.
    pub origin: String,
    /// As submissions write it.
    pub valid_until: String,
}

/// Ops by kind.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Kinds {
    /// Points given.
    pub issue: u64,
    /// Points spent.
    pub burn: u64,
    /// Points set aside.
    pub hold: u64,
    /// Holds spent in part.
    pub capture: u64,
    /// Burns taken back.
    pub reverse: u64,
}

/// The streams of a scenario.
pub struct Streams {
    streams: Vec<Stream>,
}

impl Streams {
    /// A stream for each connection. `chapter` is another one in each scenario of a ledger, so that
    /// no id comes twice.
    pub fn new(
        connections: usize,
        shape: &Shape,
        signers: &[Signer],
        (chapter, seed): (u32, u64),
        place: &Place,
    ) -> Self {
        let authors = signers.len().div_ceil(connections).max(AUTHORS_MIN);
        let stream = |number: usize| Stream {
            number,
            of: connections,
            shape: shape.clone(),
            random: Sequence(seed ^ (u64::from(chapter) << 40) ^ ((number as u64) << 16)),
            authors: (0..authors)
                .map(|place| Author::new(&signers[(number * authors + place) % signers.len()]))
                .collect(),
            recent: VecDeque::new(),
            next_each: number,
            chapter,
            ops: 0,
            submissions: 0,
            kinds: Kinds::default(),
            place: place.clone(),
        };
        Self {
            streams: (0..connections).map(stream).collect(),
        }
    }

    /// Makes so many submissions for each connection, on all cores.
    pub fn make(&mut self, each: usize, members: &Arc<Members>) -> Vec<Vec<Request>> {
        let cores = crate::cli::verify::cores();
        let share = self.streams.len().div_ceil(cores);
        std::thread::scope(|scope| {
            let parts = self.streams.chunks_mut(share).map(|part| {
                let make = |stream: &mut Stream| -> Vec<Request> {
                    (0..each).map(|_| stream.submission(members)).collect()
                };
                scope.spawn(move || part.iter_mut().map(make).collect::<Vec<_>>())
            });
            let parts: Vec<_> = parts.collect();
            let made = parts
                .into_iter()
                .map(|part| part.join().expect("it does not panic"));
            made.flatten().collect()
        })
    }

    /// Ops that were made.
    pub fn kinds(&self) -> Kinds {
        let mut sum = Kinds::default();
        for Stream { kinds, .. } in &self.streams {
            sum.issue += kinds.issue;
            sum.burn += kinds.burn;
            sum.hold += kinds.hold;
            sum.capture += kinds.capture;
            sum.reverse += kinds.reverse;
        }
        sum
    }
}

struct Author {
    signer: Signer,
    holds: VecDeque<(String, usize)>,
    burns: VecDeque<(String, usize)>,
}

impl Author {
    fn new(signer: &Signer) -> Self {
        Self {
            signer: signer.clone(),
            holds: VecDeque::new(),
            burns: VecDeque::new(),
        }
    }
}

struct Stream {
    number: usize,
    of: usize,
    shape: Shape,
    random: Sequence,
    authors: Vec<Author>,
    recent: VecDeque<usize>,
    next_each: usize,
    chapter: u32,
    ops: u64,
    submissions: usize,
    kinds: Kinds,
    place: Place,
}

impl Stream {
    fn submission(&mut self, members: &Members) -> Request {
        let (origin, until) = (&self.place.origin, &self.place.valid_until);
        let id = format!(
            "s{:03x}{:08x}{:03x}",
            self.chapter, self.submissions, self.number
        );
        let mut text =
            format!(r#"{{"ledger":"{origin}","submission":"{id}","valid_until":"{until}","ops":["#);
        let author = self.submissions % self.authors.len();
        let mut issue = None;
        for place in 0..self.shape.ops {
            if place > 0 {
                text.push(',');
            }
            issue = self.op(&mut text, author, members);
        }
        text.push_str("]}");
        self.submissions += 1;
        let body = jws::sign(
            Typ::Submission,
            text.as_bytes(),
            &self.authors[author].signer,
        );
        let mut bytes = format!(
            "POST {} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/jose\r\n\
             Content-Length: {}\r\n\r\n",
            self.place.path,
            body.len()
        )
        .into_bytes();
        let body_at = bytes.len();
        bytes.extend_from_slice(body.as_bytes());
        Request {
            bytes,
            body_at,
            ops: self.shape.ops,
            issue: issue.filter(|_| self.shape.counted_later),
        }
    }

    /// 70 % issues, 25 % burns, 3 % holds and captures in turn, 2 % reversals of burns. What cannot
    /// be applied becomes an issue.
    fn op(&mut self, text: &mut String, author: usize, members: &Members) -> Option<(usize, u32)> {
        // Ids that rise with time, as those of ULIDs do.
        let id = format!("{:03x}{:010x}{:03x}", self.chapter, self.ops, self.number);
        self.ops += 1;
        let dice = if self.shape.mixed {
            self.random.below(100)
        } else {
            0
        };
        let done = match dice {
            0..70 => false,
            70..95 => self.burn(text, &id, author, members),
            95..98 => self.hold_or_capture(text, &id, author, members),
            _ => self.reverse(text, &id, author, members),
        };
        if done {
            return None;
        }
        let member = self.member(members);
        let points = 100 + self.random.below(100);
        self.kinds.issue += 1;
        op_text(
            text,
            format_args!(r#"{{"op":"issue","id":"{id}","member":"m-{member}","points":{points}}}"#),
        );
        if !self.shape.counted_later {
            members.give(member, points);
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(member);
        Some((member, points))
    }

    /// A member of this stream: their numbers leave its own as the rest of a division.
    fn member(&mut self, members: &Members) -> usize {
        let count = members.count();
        match &self.shape.choice {
            Choice::Each => {
                let member = self.next_each;
                let next = member + self.of;
                self.next_each = if next < count { next } else { self.number };
                member
            }
            Choice::Skewed(zipf) => {
                let drawn = zipf.draw(&mut self.random);
                let own = drawn - drawn % self.of + self.number;
                if own < count { own } else { own - self.of }
            }
        }
    }

    fn member_with(&mut self, points: u32, members: &Members) -> Option<usize> {
        for _ in 0..TRIES {
            let member = self.member(members);
            if members.available(member) >= points {
                return Some(member);
            }
        }
        let has = |member: &&usize| members.available(**member) >= points;
        self.recent.iter().rev().find(has).copied()
    }

    fn burn(&mut self, text: &mut String, id: &str, author: usize, members: &Members) -> bool {
        let Some(member) = self.member_with(BURN_POINTS, members) else {
            return false;
        };
        members.take(member, BURN_POINTS);
        self.kinds.burn += 1;
        op_text(
            text,
            format_args!(
                r#"{{"op":"burn","id":"{id}","member":"m-{member}","points":{BURN_POINTS}}}"#
            ),
        );
        remember(&mut self.authors[author].burns, id, member);
        true
    }

    fn hold_or_capture(
        &mut self,
        text: &mut String,
        id: &str,
        author: usize,
        members: &Members,
    ) -> bool {
        if let Some((hold, member)) = self.authors[author].holds.pop_front() {
            let burned = 1 + self.random.below(HOLD_POINTS);
            members.capture(member, HOLD_POINTS, burned);
            self.kinds.capture += 1;
            op_text(
                text,
                format_args!(r#"{{"op":"capture","id":"{id}","hold":"{hold}","points":{burned}}}"#),
            );
            return true;
        }
        let Some(member) = self.member_with(HOLD_POINTS, members) else {
            return false;
        };
        members.hold(member, HOLD_POINTS);
        self.kinds.hold += 1;
        let (points, ttl) = (HOLD_POINTS, HOLD_TTL_S);
        let fields = format!(r#""member":"m-{member}","points":{points},"ttl_s":{ttl}"#);
        op_text(
            text,
            format_args!(r#"{{"op":"hold","id":"{id}",{fields}}}"#),
        );
        remember(&mut self.authors[author].holds, id, member);
        true
    }

    fn reverse(&mut self, text: &mut String, id: &str, author: usize, members: &Members) -> bool {
        let Some((burn, member)) = self.authors[author].burns.pop_front() else {
            return false;
        };
        members.give(member, BURN_POINTS);
        self.kinds.reverse += 1;
        op_text(
            text,
            format_args!(
                r#"{{"op":"reverse","id":"{id}","target":"{burn}","points":{BURN_POINTS}}}"#
            ),
        );
        true
    }
}

fn op_text(text: &mut String, op: std::fmt::Arguments<'_>) {
    text.write_fmt(op).expect("a text takes everything");
}

fn remember(open: &mut VecDeque<(String, usize)>, id: &str, member: usize) {
    if open.len() < OPEN_MAX {
        open.push_back((id.to_owned(), member));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::keys::Kid;

    fn streams(seed: u64) -> Streams {
        let signer = |n: u8| Signer::new(Kid::parse(&format!("p{n}/k")).unwrap(), &[n; 32]);
        let signers: Vec<Signer> = (1..=5).map(signer).collect();
        let shape = Shape {
            ops: 50,
            mixed: true,
            choice: Choice::Skewed(Zipf::new(100, 0.99)),
            counted_later: false,
        };
        let place = Place {
            path: "/v1/p/submissions".to_owned(),
            origin: "h/p-0123abcd".to_owned(),
            valid_until: "2030-01-01T00:00:00Z".to_owned(),
        };
        Streams::new(3, &shape, &signers, (1, seed), &place)
    }

    #[test]
    fn the_same_seed_makes_the_same_stream() {
        let made = |seed, parts: &[usize]| -> Vec<Vec<u8>> {
            let (mut streams, members) = (streams(seed), Arc::new(Members::new(100)));
            let parts = parts
                .iter()
                .flat_map(|each| streams.make(*each, &members).swap_remove(1));
            parts.map(|request| request.bytes).collect()
        };
        assert_eq!(made(1, &[40]), made(1, &[10, 30]));
        assert_ne!(made(1, &[40]), made(2, &[40]));
    }

    #[test]
    fn the_mix_is_what_it_should_be() {
        let (mut streams, members) = (streams(3), Arc::new(Members::new(100)));
        streams.make(200, &members);
        let Kinds {
            issue,
            burn,
            hold,
            capture,
            reverse,
        } = streams.kinds();
        assert_eq!(issue + burn + hold + capture + reverse, 30_000);
        let near = |found: u64, percent: u64| found.abs_diff(percent * 300) < 300;
        assert!(near(issue, 70) && near(burn, 25), "{issue} {burn}");
        assert!(
            near(hold + capture, 3) && near(reverse, 2),
            "{hold} {capture} {reverse}"
        );
    }
}
