//! [`Color`]: the company's own, and what becomes of it where people have to read it.

use std::fmt;
use std::str::FromStr;

/// A colour of the screen (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(u8, u8, u8);

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a colour: write six hexadecimal digits, such as #0b57d0")]
pub struct ColorError(String);

impl Color {
    pub const BLUE: Color = Color(0x0b, 0x57, 0xd0);
    pub const WHITE: Color = Color(0xff, 0xff, 0xff);
    /// What mails are written in, where it is light.
    pub const INK: Color = Color(0x1a, 0x22, 0x2c);
    /// What mails are written on, where it is dark.
    pub const NIGHT: Color = Color(0x1b, 0x22, 0x2b);

    /// White or nearly black, whichever can be read better on it.
    pub fn text_on(self) -> Color {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }

    /// As much darker or lighter as it takes to be read on a ground.
    pub fn readable_on(self, ground: Color) -> Color {
        let towards = if ground.luminance() > 0.5 { Self::INK } else { Self::WHITE };
        let steps = (0..=20_u8).map(|step| self.mixed(towards, f64::from(step) / 20.0));
        let mut readable = steps.filter(|color| color.contrast(ground) >= READABLE);
        readable.next().unwrap_or(towards)
    }

    fn mixed(self, other: Color, share: f64) -> Color {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Color(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// From 1 to 21.
    fn contrast(self, other: Color) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

/// The contrast of text that is read without effort. WCAG 2.2 (1.4.3) asks for 4.5.
const READABLE: f64 = 6.0;

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        let refuse = || ColorError(text.to_owned());
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(refuse)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Color(red, green, blue))
    }
}

/// `#0b57d0`
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!("#0B57d0".parse(), Ok(Color::BLUE));
        assert_eq!(Color::BLUE.to_string(), "#0b57d0");
        for text in ["", "0b57d0", "#0b5", "#0b57dg", "#+b57d0", "blue", "#äää"] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_colour_becomes_readable() {
        for text in ["#000000", "#ffffff", "#ffcc00", "#0b57d0", "#808080", "#ff0000", "#00ff00", "#101820"] {
            let color: Color = text.parse().expect(text);
            assert!(color.contrast(color.text_on()) >= 3.9, "{text}: {}", color.text_on());
            for ground in [Color::WHITE, Color::NIGHT] {
                let readable = color.readable_on(ground);
                assert!(readable.contrast(ground) >= READABLE, "{text} on {ground}: {readable}");
            }
        }
        assert_eq!(Color::BLUE.readable_on(Color::WHITE), Color::BLUE, "what can be read stays");
    }
}
