//! What sequences, steps and mails are called: a mail as in the revision from which it was written.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::sequence::Verb;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::revision::{self, Revision};
use crate::storage::Tx;
use crate::storage::report::MailKey;
use crate::storage::revisions::{self, NumberedStep};

/// What steps and their mails are called.
pub struct Names<'r> {
    /// The one that is deployed.
    revision: Option<&'r Revision>,
    steps: Vec<NumberedStep>,
    /// The template of each mail; none if nobody can tell.
    mails: BTreeMap<MailKey, String>,
}

impl<'r> Names<'r> {
    /// Reads each revision that one of these mails was written from, one at a time: there may be many.
    pub async fn read(
        tx: &mut Tx,
        revision: Option<&'r Revision>,
        keys: impl Iterator<Item = &MailKey>,
    ) -> NurtureResult<Self> {
        let mut names = Self { revision, steps: revisions::steps(tx).await?, mails: BTreeMap::new() };
        let mut of_revisions: BTreeMap<i64, BTreeSet<&MailKey>> = BTreeMap::new();
        for key in keys.filter(|key| key.revision != 0) {
            of_revisions.entry(key.revision).or_default().insert(key);
        }
        for (id, keys) in of_revisions {
            let then = match revision::read(tx, id).await {
                Ok(then) => then,
                // What an older version accepted and this one does not names nothing, but hides nothing either.
                Err(NurtureError::Unreadable(..)) => continue,
                Err(error) => return Err(error),
            };
            let named = keys.into_iter().filter_map(|key| Some((key.clone(), names.template(&then, key)?)));
            let named: Vec<(MailKey, String)> = named.collect();
            names.mails.extend(named);
        }
        Ok(names)
    }

    /// The template of a mail in the revision that it was written from.
    fn template(&self, then: &Revision, key: &MailKey) -> Option<String> {
        let name = self.step(key);
        let now = self.revision.unwrap_or(then);
        let step = now.former_step(then, (&key.seq, key.step), name)?;
        let Verb::Mail { variants, .. } = &step.verb else { return None };
        variants.get(usize::try_from(key.variant).ok()?).cloned()
    }

    /// Rows of the same template in the same step are one: it stands where the last revision had it.
    pub fn merged<T>(&self, mut rows: Vec<(MailKey, T)>, add: impl Fn(&mut T, T)) -> Vec<(MailKey, T)> {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let mut merged: BTreeMap<_, (MailKey, T)> = BTreeMap::new();
        for (key, row) in rows {
            let mail = self.mail(&key);
            // Two that nobody can name may be different ones.
            let nameless = mail.is_empty().then_some(key.variant);
            let same = (key.seq.clone(), key.step, mail.to_owned(), nameless);
            match merged.get_mut(&same) {
                Some((last, sum)) => {
                    *last = key;
                    add(sum, row);
                }
                None => {
                    merged.insert(same, (key, row));
                }
            }
        }
        merged.into_values().collect()
    }

    /// By sequence, then as the steps stand in its file; those that are gone last. A mail that took the place of another
    /// stands behind it.
    pub fn in_order<T>(&self, mut rows: Vec<(MailKey, T)>) -> Vec<(MailKey, T)> {
        let place = |key: &MailKey| {
            let track = self.revision.and_then(|revision| revision.track(&key.seq));
            track.and_then(|track| track.by_number(key.step)).map_or(usize::MAX, |(place, _)| place)
        };
        rows.sort_by_cached_key(|(key, _)| {
            (key.seq.clone(), place(key), key.step, key.variant, key.revision)
        });
        rows
    }

    /// The id of a step, as it is now or was last.
    pub fn step(&self, key: &MailKey) -> &str {
        let track = self.revision.and_then(|revision| revision.track(&key.seq));
        let now = track.and_then(|track| track.by_number(key.step)).map(|(_, step)| step.id.as_str());
        let last = || self.steps.iter().find(|step| step.seq == key.seq && step.number == key.step);
        now.or_else(|| last().map(|step| step.step.as_str())).unwrap_or_default()
    }

    /// The template of a mail; empty if nobody can tell.
    pub fn mail(&self, key: &MailKey) -> &str {
        self.mails.get(key).map_or("", String::as_str)
    }

    pub fn title(&self, seq: &str) -> String {
        let track = self.revision.and_then(|revision| revision.track(seq));
        track.map(|track| track.sequence.title.clone()).unwrap_or_default()
    }
}
