mod context;
pub use context::*;
#[derive(Debug)]
pub struct Templates;
pub struct Rendered { pub subject: String, pub preheader: String, pub html: String, pub text: String }
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RenderError { pub message: String }
impl Templates { pub fn render(&self, _name: &str, _language: &str, _mail: &MailContext) -> Result<Rendered, RenderError> { Err(RenderError{message: String::new()}) } }
