//! `dripline preview`: the gallery in a browser, its copy in a folder.

mod gallery;
mod mails;
mod send;

use std::path::Path;
use std::sync::Arc;

use dripline::preview::{Preview, site};
use dripline::workspace::Files;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::app::write;
use crate::support::browser::Browser;

/// Names a folder that pictures of what was looked at go to.
const SCREENSHOTS: &str = "DRIPLINE_SCREENSHOTS";

/// The project's own workspace.
fn sample() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the project's own workspace, to be edited.
fn copy_of_sample() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &Files::read(sample()).unwrap());
    let examples = "sequences/leads.example.csv";
    std::fs::copy(sample().join(examples), dir.path().join(examples)).unwrap();
    dir
}

/// A gallery that is being served, and watched.
struct Served {
    url: String,
    _tasks: JoinSet<()>,
}

impl Served {
    async fn start(workspace: &Path) -> Served {
        let preview = Arc::new(Preview::open(workspace, "https://nordwerk.example", None).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(preview.clone().watch());
        let router = site::router(preview, false);
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Served { url, _tasks: tasks }
    }

    fn page(&self, rest: &str) -> String {
        format!("{}/{rest}", self.url)
    }
}

/// Keeps a picture of the whole page, if somebody wants to look at it.
async fn keep_picture(browser: &Browser, name: &str, width: u32, longest: u64) {
    let Some(folder) = std::env::var_os(SCREENSHOTS) else { return };
    let height = browser.script("return document.documentElement.scrollHeight").await.as_u64().unwrap_or(900);
    let height = u32::try_from(height.min(longest)).unwrap_or(900);
    browser.resize(width, height).await;
    browser.script("return new Promise(done => setTimeout(done, 400))").await;
    let file = Path::new(&folder).join(format!("{name}.png"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, browser.screenshot().await).unwrap();
}
