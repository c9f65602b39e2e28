//! A copy of the gallery in a folder: one page that needs no server and no network, and each mail beside it as HTML and
//! as text.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::edition::Edition;
use super::frame::{Colours, in_colours};
use super::gallery::{Gallery, Hanging};
use super::persona::Persona;
use super::shot::{Camera, Shot};
use super::site::{INDEX, SCRIPT, STYLE};

/// Names the files of a copy, and so marks a folder as one that may be written anew.
const LIST: &str = ".dripline-preview";

/// Where one begins to look.
const START: &str = "index.html";

/// What the page takes from its server, and has inside itself here.
const STYLE_LINK: &str = "<link rel=\"stylesheet\" href=\"preview.css\">";
const SCRIPT_LINK: &str = "<script src=\"preview.js\" defer></script>";

/// Why no copy was written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{} holds other things than an earlier preview, and is left as it is; name a new folder", .0.display())]
    Occupied(PathBuf),
    #[error("{}: {why}", .path.display())]
    Io { path: PathBuf, why: io::Error },
}

/// A copy that was written.
#[derive(Debug)]
pub struct Copy {
    /// The page to open.
    pub start: PathBuf,
    /// How many mails, each language counted.
    pub mails: usize,
}

/// Writes a copy of what an edition shows into a folder. Files of an earlier copy there are replaced, others never.
///
/// # Errors
/// See [`CopyError`].
pub fn write(edition: &Edition, public_url: &str, folder: &Path) -> Result<Copy, CopyError> {
    let mut files = BTreeMap::new();
    if let Some(workspace) = edition.workspace.as_deref() {
        let camera = Camera { workspace, public_url };
        for mail in workspace.templates.names() {
            for language in workspace.templates.languages(mail) {
                files.extend(of_mail(&camera, &edition.personas, mail, language));
            }
        }
    }
    let mails = files.keys().filter(|path| path.ends_with(".html")).count();
    let gallery = Hanging { edition, public_url, live: false }.gallery();
    files.insert(START.to_owned(), page(&gallery));
    make_room(folder)?;
    // The list first: a copy that is cut off can be written anew.
    let list: String = files.keys().map(|path| format!("{path}\n")).collect();
    put(&folder.join(LIST), &list)?;
    for (path, text) in &files {
        put(&folder.join(path), text)?;
    }
    Ok(Copy { start: folder.join(START), mails })
}

/// The page with all that it needs inside.
fn page(gallery: &Gallery) -> String {
    // No text may end the element that the data is in.
    let data = serde_json::to_string(gallery).unwrap_or_default().replace('<', "\\u003c");
    let hash = BASE64.encode(&Sha256::digest(SCRIPT));
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{hash}'; \
         style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
    );
    let script = format!(
        "<script type=\"application/json\" id=\"gallery\">{data}</script>\n<script type=\"module\">{SCRIPT}</script>"
    );
    INDEX.replace(STYLE_LINK, &format!("{policy}\n<style>{STYLE}</style>")).replace(SCRIPT_LINK, &script)
}

/// A mail as HTML and as text, for the first persona who would get it in this language.
fn of_mail(camera: &Camera, personas: &[Persona], mail: &str, language: &str) -> Vec<(String, String)> {
    let templates = &camera.workspace.templates;
    let default = camera.workspace.funnel.defaults.language.as_str();
    let reads = |persona: &&Persona| {
        templates.language(mail, persona.language.as_deref().unwrap_or(default)) == Some(language)
    };
    let Some(persona) = personas.iter().find(reads).or(personas.first()) else { return Vec::new() };
    match camera.shot(mail, language, persona, true) {
        Shot::Taken(taken) => {
            let html = in_colours(&taken.html.unwrap_or_default(), Colours::Light);
            let path = |ending: &str| format!("mails/{mail}.{language}.{ending}");
            vec![(path("html"), html), (path("txt"), taken.text)]
        }
        Shot::Failed(_) => Vec::new(),
    }
}

/// Removes the files of an earlier copy.
fn make_room(folder: &Path) -> Result<(), CopyError> {
    let trouble = |why| CopyError::Io { path: folder.to_owned(), why };
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return fs::create_dir_all(folder).map_err(trouble);
        }
        Err(error) => return Err(trouble(error)),
    };
    match fs::read_to_string(folder.join(LIST)) {
        Ok(list) => {
            // The list is ours; still, it never leads out of the folder.
            let inside = |path: &&str| {
                Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
            };
            for path in list.lines().filter(inside) {
                // What somebody has removed already is gone.
                let _ = fs::remove_file(folder.join(path));
            }
            Ok(())
        }
        Err(_) if entries.next().is_none() => Ok(()),
        Err(_) => Err(CopyError::Occupied(folder.to_owned())),
    }
}

fn put(path: &Path, text: &str) -> Result<(), CopyError> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|why| CopyError::Io { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_both_places_to_fill() {
        assert!(INDEX.contains(STYLE_LINK) && INDEX.contains(SCRIPT_LINK));
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
    }

    #[test]
    fn folders_of_others_are_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let other = dir.path().join("notes.txt");
        fs::write(&other, "x").expect("written");
        assert!(matches!(make_room(dir.path()), Err(CopyError::Occupied(_))));
        fs::write(dir.path().join(LIST), "index.html\n../notes.txt\n").expect("written");
        fs::write(dir.path().join(START), "old").expect("written");
        make_room(dir.path()).expect("room");
        assert!(other.exists() && !dir.path().join(START).exists());
        let new = dir.path().join("a/b");
        make_room(&new).expect("made");
        make_room(&new).expect("empty");
        assert!(new.is_dir());
    }
}
