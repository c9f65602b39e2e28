//! Reads a file of rows: CSV with `,`, `;` or a tab between the cells, in UTF-8.

use std::io::{Chain, Cursor, Read};

use csv::{ByteRecord, ReaderBuilder, StringRecord};

use super::tape::Tape;

/// How much of a file is looked at to tell what it is, in bytes.
const HEAD: u64 = 64 * 1024;

const NOT_UTF8: &str = "this is not UTF-8: save the file as \"CSV UTF-8\"";

/// A file, row by row.
pub struct Rows<R> {
    csv: csv::Reader<Tape<Chain<Cursor<Vec<u8>>, R>>>,
    record: ByteRecord,
}

/// A row and the line that it begins in, counted from 1.
pub struct RawRow {
    pub line: u64,
    /// Or why they cannot be read.
    pub cells: Result<StringRecord, &'static str>,
}

impl<R: Read> Rows<R> {
    /// Looks at the beginning of a file.
    ///
    /// # Errors
    /// A file that cannot be read or is no text.
    pub fn open(mut source: R) -> Result<Self, String> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err("the file is in UTF-16: save it as \"CSV UTF-8\"".to_owned());
        }
        if head.starts_with(b"PK\x03\x04") {
            return Err("the file is a spreadsheet or an archive: save it as \"CSV UTF-8\"".to_owned());
        }
        if head.contains(&0) {
            return Err("the file is no text: save it as \"CSV UTF-8\"".to_owned());
        }
        let head = head.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(head);
        let delimiter = delimiter(&head);
        let mut options = ReaderBuilder::new();
        options.delimiter(delimiter).has_headers(false).flexible(true);
        Ok(Self {
            csv: options.from_reader(Tape::new(Cursor::new(head).chain(source))),
            record: ByteRecord::new(),
        })
    }

    /// The next row; none at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read any further.
    pub fn read(&mut self) -> Result<Option<RawRow>, String> {
        if !self.csv.read_byte_record(&mut self.record).map_err(unreadable)? {
            return Ok(None);
        }
        let end = self.csv.position().byte();
        let tape = self.csv.get_mut();
        let line = tape.line_of_next();
        tape.pass_to(end);
        let cells = StringRecord::from_byte_record(self.record.clone()).map_err(|_| NOT_UTF8);
        Ok(Some(RawRow { line, cells }))
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        self.csv.position().byte()
    }
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("the file cannot be read: {error}")
}

/// What stands between the cells of the first line.
fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in head.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted => {
                counts.iter_mut().filter(|(known, _)| known == byte).for_each(|(_, count)| *count += 1)
            }
            _ => {}
        }
    }
    // The last of equals would win: a file of one column has commas.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(file: &[u8]) -> Vec<(u64, Vec<String>)> {
        let mut rows = Rows::open(file).expect("a text");
        let mut all = Vec::new();
        while let Some(row) = rows.read().expect("readable") {
            let cells = row.cells.map(|cells| cells.iter().map(str::to_owned).collect());
            all.push((row.line, cells.unwrap_or_else(|why| vec![why.to_owned()])));
        }
        all
    }

    #[test]
    fn each_usual_separator_is_found() {
        for separator in [",", ";", "\t"] {
            let file = format!("email{separator}\"a,b;c\td\"{separator}x\r\n1{separator}2{separator}3\r\n");
            let cells: Vec<Vec<String>> = rows(file.as_bytes()).into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(cells, [["email", "a,b;c\td", "x"], ["1", "2", "3"]], "{separator:?}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_shows_them() {
        let file = "\u{feff}\nemail,x\n\na,\"1\n2\"\n\n\nb,3\nc,4";
        for file in [file.to_owned(), file.replace('\n', "\r\n")] {
            let lines: Vec<u64> = rows(file.as_bytes()).into_iter().map(|(line, _)| line).collect();
            assert_eq!(lines, [2, 4, 8, 9], "{file:?}");
        }
    }

    #[test]
    fn a_row_that_is_no_text_does_not_end_the_file() {
        let rows = rows(b"email,name\na@x.example,J\xf6rg\nb@x.example,Ann\n");
        assert_eq!(rows[1], (2, vec![NOT_UTF8.to_owned()]));
        assert_eq!(rows[2].1, ["b@x.example", "Ann"]);
    }

    #[test]
    fn other_files_are_told_apart() {
        for (file, why) in [
            (&b"\xff\xfee\0m\0"[..], "UTF-16"),
            (b"\xfe\xff\0e\0m", "UTF-16"),
            (b"PK\x03\x04xlsx", "spreadsheet"),
            (b"e\0m\0a\0", "no text"),
        ] {
            assert!(Rows::open(file).is_err_and(|error| error.contains(why)), "{why}");
        }
    }
}
