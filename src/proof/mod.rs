//! Bytes and cryptography: how the ledger is signed, stored, chained and proved.
//!
//! Purpose: every byte format that leaves the house or stays in the ledger, each in a file that is
//! named after it and says its specification. House, auditor and witness use the same code, so
//! they cannot differ about what a byte means.
//!
//! Must not: know what points are, or touch files, network, environment, threads, clocks or
//! randomness. Everything here is a function of its arguments; secrets and storage are passed in.
//!
//! | File | Format | Specification |
//! |---|---|---|
//! | [`jws`] | the envelope that an author signs | RFC 7515, 8037, 9864 |
//! | [`keys`] | names of keys; Ed25519 and its one verdict | RFC 8032, strict |
//! | [`json`] | reading payloads | RFC 8259, 7493, narrowed |
//! | [`payload`] | what a submission asks for | `schemas/submission.schema.json` |
//! | [`base64url`] | base64 in one spelling | RFC 4648 |
//! | [`cbor`], [`entry`] | the entry | RFC 8949 §4.2.1, `schemas/entry.cddl` |
//! | [`effects`] | what each op did | RFC 8949 §4.2.1, `schemas/effects.cddl` |
//! | [`chain`] | the hash of the entry before | BLAKE3 |
//! | [`merkle`] | the tree and its proofs | RFC 6962, 9162 |
//! | [`tile`] | the tree in files | C2SP tlog-tiles |
//! | [`note`], [`checkpoint`] | the signed root | C2SP signed-note, tlog-checkpoint |
//! | [`cosignature`] | what a witness says | C2SP tlog-cosignature |
//! | [`policy`] | which witnesses are enough | C2SP tlog-policy |
//! | [`add_checkpoint`], [`witnessed`] | what a witness is asked; its rules | C2SP tlog-witness |
//! | [`handover`], [`ledger_keys`] | the keys of checkpoints | `schemas/README.md` |
//! | [`fork`] | evidence that a key signed two ledgers | `schemas/README.md` |
//! | [`tlog_proof`] | the portable proof | C2SP tlog-proof |
//! | [`statement`] | statements and what binds them | RFC 8785, RFC 6962 |
//! | [`netting`] | the rows of a window | `schemas/README.md` |
//! | [`receipt`] | the answer to a submission, checked offline | `schemas/receipt.schema.json` |

pub mod add_checkpoint;
pub mod base64url;
pub mod cbor;
pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod effects;
pub mod entry;
pub mod envelope;
pub mod fork;
pub mod handover;
pub mod hex;
pub mod json;
pub mod jws;
pub mod keys;
pub mod ledger_keys;
pub mod merkle;
pub mod netting;
pub mod note;
pub mod payload;
pub mod policy;
pub mod receipt;
pub mod statement;
pub mod tile;
pub mod tlog_proof;
pub mod witnessed;
