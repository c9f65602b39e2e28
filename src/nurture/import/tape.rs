//! A [`Tape`] counts lines beside a reader that does not: the CSV reader skips empty lines without a word.

use std::collections::VecDeque;
use std::io::{self, Read};

/// A source that remembers the bytes that were read from it until they are passed.
pub struct Tape<R> {
    source: R,
    bytes: VecDeque<u8>,
    /// How many bytes were passed.
    passed: u64,
    /// The line of the next byte, from 1.
    line: u64,
}

impl<R> Tape<R> {
    pub fn new(source: R) -> Self {
        Self { source, bytes: VecDeque::new(), passed: 0, line: 1 }
    }

    /// Passes line breaks; the line of what comes then.
    pub fn line_of_next(&mut self) -> u64 {
        while matches!(self.bytes.front(), Some(b'\r' | b'\n')) {
            self.pass_to(self.passed + 1);
        }
        self.line
    }

    /// Passes all bytes before this one, counted from the start of the source.
    pub fn pass_to(&mut self, byte: u64) {
        let ahead = usize::try_from(byte.saturating_sub(self.passed)).unwrap_or(usize::MAX);
        let ahead = ahead.min(self.bytes.len());
        let breaks = self.bytes.drain(..ahead).filter(|byte| *byte == b'\n').count();
        self.passed += ahead as u64;
        self.line += breaks as u64;
    }
}

impl<R: Read> Read for Tape<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes.extend(&buffer[..read]);
        Ok(read)
    }
}
