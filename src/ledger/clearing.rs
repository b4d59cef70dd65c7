//! What the books hold of a window beside its lines: payments and acknowledgements.
//!
//! Must not: change them.

use super::record::{clearing_key, decode, parse_item_key};
use super::store::{Pair, StoreError, Table};
use super::{Ledger, record};
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::ids::{OpAt, Party};
use crate::domain::window::{Item, ItemKey};

impl Ledger {
    /// The op by which a partner acknowledged its statement of a window.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn acknowledgement(&self, window: u32, party: Party) -> Result<Option<OpAt>, StoreError> {
        let key = clearing_key(&ClearingKey::Acknowledgement(window, party));
        let value = self.inner.reader.get(Table::Clearing, key)?;
        match value.as_deref().map(decode).transpose()? {
            Some(ClearingRecord::Acknowledgement(at)) => Ok(Some(at)),
            _ => Ok(None),
        }
    }

    /// The payments of a window, open or paid, in order of (debtor, creditor).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn payments(&self, window: u32) -> Result<Vec<(ItemKey, Item)>, StoreError> {
        let (from, to) = record::item_keys(window);
        let reader = &self.inner.reader;
        let pairs = reader.scan(Table::Clearing, &from, &to, usize::MAX)?;
        let read = |(key, value): &Pair| match decode(value)? {
            ClearingRecord::Item(item) => Ok((parse_item_key(key)?, item)),
            _ => Err(StoreError::Corrupt("a payment is none".to_owned())),
        };
        pairs.iter().map(read).collect()
    }
}
