//! Fetching mails and recording them: so many at a time that memory stays bounded.

use std::sync::Arc;

use tracing::{debug, error, warn};

use super::aside::set_aside;
use super::{MailboxError, Open, Reader};
use crate::config::Then;
use crate::domain::time::Timestamp;
use crate::mail::ImapError;
use crate::mail::inbound::SIZE_LIMIT;
use crate::nurture::engine::Engine;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::receive::{receive, receive_sent};

/// Mails whose sizes are asked for at once.
const MAILS: usize = 100;
/// Bytes of mails that are fetched at once, unless a single one has more.
const BYTES: u64 = 1024 * 1024;
/// Bytes of a header, where only that is kept.
const HEADER: usize = 64 * 1024;
/// How often a mail is asked for that the server does not hand out, before it is set aside.
const TRIES: u32 = 5;

/// What the server did not hand out.
#[derive(Default)]
pub(super) struct Stuck {
    uid: u32,
    /// How often it did not.
    tries: u32,
    /// The first of the mails that were asked for when the connection was lost.
    lost_at: u32,
    /// The connection was lost twice over one of the mails up to this: each of them is asked for alone.
    alone_up_to: u32,
}

impl Stuck {
    /// Whether it is given up.
    fn give_up(&mut self, uid: u32) -> bool {
        self.tries = if self.uid == uid { self.tries + 1 } else { 1 };
        self.uid = uid;
        self.tries >= TRIES
    }

    fn tries(&self, uid: u32) -> u32 {
        if self.uid == uid { self.tries } else { 0 }
    }

    /// The connection was lost while these were asked for. A server that hangs up on one mail does it again, each time.
    fn lost(&mut self, uids: &[u32]) {
        match uids {
            [uid] => _ = self.give_up(*uid),
            [first, .., last] if self.lost_at == *first => self.alone_up_to = *last,
            [first, ..] => self.lost_at = *first,
            [] => {}
        }
    }
}

/// Since when mails are looked for again if their numbers are void.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// As long as not all are taken in: as before, since the rest may be older than this look.
    pub part: Timestamp,
    /// When all are.
    pub whole: Timestamp,
}

/// What came of asking for a mail.
enum Fetched {
    Mail(Vec<u8>),
    /// Only its header, and why.
    Aside(Vec<u8>, String),
    /// Somebody has deleted or moved it.
    Gone,
}

impl Reader {
    /// Takes in these mails, in their order. With a span, progress is noted on the way. How many there were.
    pub(super) async fn take_in(
        &mut self,
        engine: &Arc<Engine>,
        open: &mut Open,
        uids: &[u32],
        span: Option<Span>,
    ) -> Result<usize, MailboxError> {
        let mut taken = 0;
        for part in uids.chunks(MAILS) {
            let sizes = open.session.sizes(part).await?;
            for group in groups(part, &sizes, self.stuck.alone_up_to) {
                let last = group.uids.last() == uids.last();
                let span = span.map(|span| if last { span } else { Span { whole: span.part, ..span } });
                taken += self.take_group(engine, open, &group, span).await?;
            }
        }
        Ok(taken)
    }

    async fn take_group(
        &mut self,
        engine: &Arc<Engine>,
        open: &mut Open,
        group: &Group,
        span: Option<Span>,
    ) -> Result<usize, MailboxError> {
        let fetched = self.fetch(open, group).await?;
        let (mut recorded, mut failure, mut last) = (Vec::new(), None, None);
        for (uid, mail) in fetched {
            match self.record(engine, uid, mail).await {
                Ok(true) => recorded.push(uid),
                Ok(false) => {}
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
            last = Some(uid);
        }
        self.finish(open, &recorded).await?;
        if let (Some(last), Some(span)) = (last, span) {
            open.last_uid = last;
            let at = if failure.is_none() { span.whole } else { span.part };
            self.advance(engine, open, at).await?;
        }
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(recorded.len()),
        }
    }

    /// Every mail of a group, with its UID, ascending.
    async fn fetch(&mut self, open: &mut Open, group: &Group) -> Result<Vec<(u32, Fetched)>, MailboxError> {
        if let Some(size) = group.too_large {
            let uid = group.uids[0];
            let why = format!("the mail has {size} bytes, and more than {SIZE_LIMIT} are not read");
            return Ok(vec![(uid, self.header(open, uid, why).await?)]);
        }
        if let [uid] = group.uids[..] {
            return Ok(vec![(uid, self.fetch_alone(open, uid).await?)]);
        }
        let found = match open.session.mails(&group.uids, SIZE_LIMIT + 1).await {
            Ok(found) => found,
            // One of them may be the reason, and each is asked for alone.
            Err(ImapError::Refused { .. }) => Vec::new(),
            Err(error) => {
                self.stuck.lost(&group.uids);
                return Err(error.into());
            }
        };
        let mut found = found.into_iter().peekable();
        let mut all = Vec::with_capacity(group.uids.len());
        for &uid in &group.uids {
            let mail = match found.next_if(|(next, _)| *next == uid) {
                Some((_, mail)) => Fetched::Mail(mail),
                None => self.fetch_alone(open, uid).await?,
            };
            all.push((uid, mail));
        }
        Ok(all)
    }

    async fn fetch_alone(&mut self, open: &mut Open, uid: u32) -> Result<Fetched, MailboxError> {
        if self.stuck.tries(uid) >= TRIES {
            let why = "the server ends the connection instead of handing out the mail".to_owned();
            return self.header(open, uid, why).await;
        }
        let said = match open.session.mails(&[uid], SIZE_LIMIT + 1).await {
            Ok(found) => match found.into_iter().next() {
                Some((_, mail)) => return Ok(Fetched::Mail(mail)),
                None => "it sends nothing".to_owned(),
            },
            Err(ImapError::Refused { said, .. }) => said,
            Err(error) => {
                self.stuck.lost(&[uid]);
                return Err(error.into());
            }
        };
        if open.session.still_there(&[uid]).await?.is_empty() {
            debug!("[mailbox.{}]: the mail with the UID {uid} is gone", self.name);
            return Ok(Fetched::Gone);
        }
        if !self.stuck.give_up(uid) {
            return Err(MailboxError::Stuck { uid, said });
        }
        self.header(open, uid, format!("the server does not hand out the mail: {said}")).await
    }

    /// A mail of which no more than the header is kept.
    async fn header(&mut self, open: &mut Open, uid: u32, why: String) -> Result<Fetched, MailboxError> {
        if self.stuck.tries(uid) >= 2 * TRIES {
            return Ok(self.aside(Vec::new(), uid, why));
        }
        let header = match open.session.header(uid, HEADER).await {
            Ok(Some(header)) => header,
            Ok(None) if open.session.still_there(&[uid]).await?.is_empty() => return Ok(Fetched::Gone),
            Ok(None) | Err(ImapError::Refused { .. }) => Vec::new(),
            Err(error) => {
                self.stuck.lost(&[uid]);
                return Err(error.into());
            }
        };
        Ok(self.aside(header, uid, why))
    }

    fn aside(&self, header: Vec<u8>, uid: u32, why: String) -> Fetched {
        Fetched::Aside(header, format!("{why}; the whole is in the mailbox \"{}\", UID {uid}", self.name))
    }

    /// Records a mail. False if there is none.
    async fn record(&self, engine: &Arc<Engine>, uid: u32, mail: Fetched) -> NurtureResult<bool> {
        let (raw, why) = match mail {
            Fetched::Gone => return Ok(false),
            // Of what the company sent, only what goes to leads is kept.
            Fetched::Aside(..) if self.config.sent => return Ok(false),
            Fetched::Aside(raw, why) => (raw, why),
            Fetched::Mail(raw) if self.config.sent => match received(engine, raw, true).await {
                Ok(kept) => return kept,
                Err(Panicked) => return Ok(false),
            },
            Fetched::Mail(mut raw) if raw.len() > SIZE_LIMIT => {
                raw.truncate(HEADER);
                (raw, format!("the mail has more than {SIZE_LIMIT} bytes"))
            }
            Fetched::Mail(raw) => match received(engine, raw.clone(), false).await {
                Err(Panicked) => (raw, "it could not be read".to_owned()),
                Ok(received) => return received,
            },
        };
        warn!("[mailbox.{}]: the mail with the UID {uid} is set aside: {why}", self.name);
        set_aside(engine, &raw, &why).await?;
        Ok(true)
    }

    /// Marks or moves what is recorded. If the server does not want that, the mails stay as they are: they are recorded.
    async fn finish(&self, open: &mut Open, recorded: &[u32]) -> Result<(), MailboxError> {
        let done = match &self.config.then {
            Then::Keep => Ok(()),
            Then::Seen => open.session.mark_seen(recorded).await,
            Then::Move(folder) => open.session.move_to(recorded, folder).await,
        };
        match done {
            Err(error @ ImapError::Refused { .. }) => {
                warn!("[mailbox.{}]: {error}; {} mails stay as they are", self.name, recorded.len());
                Ok(())
            }
            done => Ok(done?),
        }
    }
}

/// A mail that panicked whoever read it.
struct Panicked;

/// Records a mail in a task of its own, which ends even if the reader is dropped meanwhile. Whether it is recorded.
async fn received(engine: &Arc<Engine>, raw: Vec<u8>, sent: bool) -> Result<NurtureResult<bool>, Panicked> {
    let engine = engine.clone();
    let work = async move {
        match sent {
            true => receive_sent(&engine, &raw).await.map(|received| received.is_some()),
            false => receive(&engine, &raw).await.map(|_| true),
        }
    };
    match tokio::spawn(work).await {
        Ok(received) => Ok(received),
        Err(failed) if failed.is_panic() => {
            error!("a mail could not be read: {failed}");
            Err(Panicked)
        }
        Err(_) => Ok(Err(NurtureError::Refused("the server is being ended".to_owned()))),
    }
}

/// Mails that are fetched at once.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    uids: Vec<u32>,
    /// The size, if it is a single mail that is not read.
    too_large: Option<u64>,
}

impl Group {
    fn takes_more(&self, alone_up_to: u32) -> bool {
        self.too_large.is_none() && self.uids[0] > alone_up_to
    }
}

/// Divides mails into groups; those up to a UID are alone. One whose size is not told is in a group like any other: it is
/// gone, or the server says why not.
fn groups(uids: &[u32], sizes: &[(u32, u64)], alone_up_to: u32) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut bytes = 0;
    for &uid in uids {
        let size = sizes.binary_search_by_key(&uid, |(uid, _)| *uid).map_or(0, |at| sizes[at].1);
        let too_large = (size > SIZE_LIMIT as u64).then_some(size);
        bytes += size;
        match groups.last_mut() {
            Some(group) if bytes <= BYTES && group.takes_more(alone_up_to) => group.uids.push(uid),
            _ => {
                groups.push(Group { uids: vec![uid], too_large });
                bytes = size;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_small_and_in_order() {
        let (large, half) = (SIZE_LIMIT as u64 + 1, BYTES / 2);
        let sizes = [(1, 10), (2, half), (3, half), (5, large), (6, 10), (8, BYTES * 2), (9, 10)];
        let group = |uids: &[u32], too_large| Group { uids: uids.to_vec(), too_large };
        assert_eq!(
            groups(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &sizes, 0),
            [
                group(&[1, 2], None),
                group(&[3, 4], None),
                group(&[5], Some(large)),
                group(&[6, 7], None),
                group(&[8], None),
                group(&[9], None),
            ]
        );
        let alone = [group(&[1], None), group(&[2], None), group(&[3, 4], None)];
        assert_eq!(groups(&[1, 2, 3, 4], &[], 2), alone);
    }

    #[test]
    fn a_mail_is_given_up_after_some_tries() {
        let mut stuck = Stuck::default();
        assert!((1..TRIES).all(|_| !stuck.give_up(7)));
        assert!(stuck.give_up(7));
        assert!(!stuck.give_up(8), "each has its own tries");
    }
}
