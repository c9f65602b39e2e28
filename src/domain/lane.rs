//! Lanes: recipient domains that share a provider, so that a full one does not block the others.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Domains that are in no `[lane.NAME]` are spread over so many lanes.
const SHARED: u64 = 64;

/// Which lane a domain is in.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    by_domain: HashMap<String, i64>,
    names: HashMap<i64, String>,
}

impl Lanes {
    /// From the names of the lanes and their domains.
    pub fn new<'a>(lanes: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        let mut all = Lanes::default();
        for (name, domains) in lanes {
            let lane = named(name);
            all.names.insert(lane, name.to_owned());
            all.by_domain.extend(domains.iter().map(|domain| (domain.to_lowercase(), lane)));
        }
        all
    }

    /// The lane of a recipient's domain. It depends on names only, so that every node agrees.
    pub fn of(&self, domain: &str) -> i64 {
        self.by_domain.get(domain).copied().unwrap_or_else(|| (hash(domain) % SHARED) as i64)
    }

    /// The name of a configured lane.
    pub fn name(&self, lane: i64) -> Option<&str> {
        self.names.get(&lane).map(String::as_str)
    }

    /// What a lane is called in messages.
    pub fn title(&self, lane: i64) -> String {
        self.name(lane).map_or_else(|| format!("shared lane {lane}"), str::to_owned)
    }
}

fn named(name: &str) -> i64 {
    (SHARED + hash(name) % (1 << 31)) as i64
}

fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_domains_share_a_lane_and_others_are_spread() {
        let domains = ["gmail.com".to_owned(), "googlemail.com".to_owned()];
        let lanes = Lanes::new([("gmail", &domains[..])]);
        assert_eq!(lanes.of("gmail.com"), lanes.of("googlemail.com"));
        assert_eq!(lanes.name(lanes.of("gmail.com")), Some("gmail"));
        let spread: std::collections::HashSet<i64> =
            (0..1000).map(|n| lanes.of(&format!("d{n}.example"))).collect();
        assert_eq!(spread.len(), SHARED as usize);
        assert!(spread.iter().all(|lane| lanes.name(*lane).is_none()));
    }
}
