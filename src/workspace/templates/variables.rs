//! The variables of mails by their names, and what an unknown one probably should be.

use super::context::{DU, LINK_FIELDS, SENDER_FIELDS};
use crate::domain::lead::{COMPANY_FIELDS, JUDGED_FIELDS, LEAD_FIELDS};
use crate::domain::suggest::nearest;

/// How many times a path goes up by `../`, and the rest of it.
pub(super) fn climb(raw: &str) -> (usize, &str) {
    let path = raw.strip_prefix("./").unwrap_or(raw);
    match path.strip_prefix("../") {
        Some(rest) => {
            let (levels, path) = climb(rest);
            (levels + 1, path)
        }
        None => (0, path),
    }
}

pub(super) fn is_known(names: &[&str]) -> bool {
    match names {
        [DU] => true,
        ["lead", "fields", name] => !name.is_empty(),
        ["lead", name] => LEAD_FIELDS.contains(name) || JUDGED_FIELDS.contains(name),
        ["company", name] => COMPANY_FIELDS.contains(name),
        ["sender", name] => SENDER_FIELDS.contains(name),
        ["link", name] => LINK_FIELDS.contains(name),
        _ => false,
    }
}

/// What an unknown variable probably should be.
pub(super) fn meant(path: &str, names: &[&str]) -> String {
    if let Some(meant) = nearest(path, ["greeting"]) {
        return format!("did you mean `{meant}`?");
    }
    let of_root = [("lead", "first_name"), ("company", "name"), ("sender", "name"), ("link", "unsubscribe")];
    if let Some((root, field)) = of_root.into_iter().find(|(root, _)| *root == path) {
        return format!("name a field of it, such as `{root}.{field}`");
    }
    let known = known();
    let field = |known: &str| known.rsplit('.').next().unwrap_or(known).to_owned();
    // Other programs write `firstname`, `contact.email` and `company_name`.
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', '.'], "");
    let last = names.last().copied().unwrap_or("");
    let near = nearest(path, known.iter().map(String::as_str));
    let same = || known.iter().find(|known| [plain(known), plain(&field(known))].contains(&plain(last)));
    let whole = || known.iter().find(|known| plain(known) == plain(path));
    let near_field = || known.iter().find(|known| nearest(last, [field(known).as_str()]).is_some());
    match near.or_else(|| whole().or_else(same).or_else(near_field).map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("a field of your own is written `lead.fields.{last}`"),
    }
}

/// The variables that templates know, beside `lead.fields.NAME`.
pub(super) fn known() -> Vec<String> {
    let roots = [
        ("lead", LEAD_FIELDS),
        ("lead", JUDGED_FIELDS),
        ("company", COMPANY_FIELDS),
        ("sender", SENDER_FIELDS),
        ("link", LINK_FIELDS),
    ];
    let fields =
        roots.iter().flat_map(|(root, names)| names.iter().map(move |name| format!("{root}.{name}")));
    fields.chain([DU.to_owned()]).collect()
}
