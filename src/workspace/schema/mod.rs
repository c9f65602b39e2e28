//! What may be written in the files of a workspace: every key with its kind, its meaning, its default and an example.
//!
//! From these lists come the JSON Schemas that editors complete and explain keys by (`dripline schema`), and the tables
//! of docs/. The readers do not use them, since they know more than a schema can say; `tests/it/schema.rs` holds the two
//! against each other, key by key.

mod front_matter;
mod funnel;
mod json;
mod sequence;
pub mod takes;

pub use front_matter::FRONT_MATTER;
pub use funnel::FUNNEL;
pub use sequence::SEQUENCE;
pub use takes::Takes;

/// What may be written in one kind of file.
pub struct Schema {
    /// The name that `dripline schema` knows it by.
    pub name: &'static str,
    /// Which files it is of.
    pub file: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    /// What it means, in one or two plain sentences.
    pub about: &'static str,
    pub without: Without,
    /// A value as it is written, for texts without the quotation marks. Tables show that of their keys.
    pub example: &'static str,
    pub required: bool,
}

/// What holds if a key is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// The key must be there, or nothing is done.
    Nothing,
    /// This value, as it is written.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
}

impl Without {
    /// As people read it.
    pub const fn text(self) -> Option<&'static str> {
        match self {
            Without::Nothing => None,
            Without::Value(text) | Without::Words(text) => Some(text),
        }
    }
}

/// A key that may be left out.
pub const fn key(name: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { name, takes, about, without: Without::Nothing, example: "", required: false }
}

impl Key {
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// Without the key this value holds.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.without = Without::Value(value);
        self
    }

    /// Without the key something holds that is no value.
    pub const fn otherwise(mut self, words: &'static str) -> Self {
        self.without = Without::Words(words);
        self
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}
