//! Letters: the two embedded cuts of Noto Sans, and how wide a text in them is.
//!
//! A text is shaped once; the same glyphs are measured and drawn, so what fits on paper here fits
//! in the file.
//! Must not: know of pages, colours or statements, or fail on any text: a character without a
//! glyph becomes U+FFFD.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};

const REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Both cuts, read.
pub(super) struct Typeface {
    regular: Cut,
    bold: Cut,
}

struct Cut {
    font: Font,
    face: Face<'static>,
}

/// A text as glyphs of one cut, without a size.
#[derive(Debug, Clone)]
pub(super) struct Shaped {
    pub(super) text: String,
    pub(super) weight: Weight,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// For size 1.
    width: f32,
}

impl Shaped {
    /// How wide it is at a size, in points of 1/72 inch.
    pub(super) fn width(&self, size: f32) -> f32 {
        self.width * size
    }
}

impl Typeface {
    pub(super) fn new() -> Self {
        let cut = |bytes: &'static [u8]| Cut {
            font: Font::new(bytes.into(), 0).expect("the embedded font is one"),
            face: Face::from_slice(bytes, 0).expect("the embedded font is one"),
        };
        Self {
            regular: cut(REGULAR),
            bold: cut(BOLD),
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.cut(weight).font.clone()
    }

    fn cut(&self, weight: Weight) -> &Cut {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// A text on one line.
    pub(super) fn shape(&self, text: &str, weight: Weight) -> Shaped {
        let cut = self.cut(weight);
        let text: String = text
            .chars()
            .filter_map(|c| printable(c, &cut.face))
            .collect();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let output = rustybuzz::shape(&cut.face, &[], buffer);
        let em = cut.font.units_per_em();
        let infos = output.glyph_infos();
        let starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        let glyphs: Vec<KrillaGlyph> = (infos.iter().zip(output.glyph_positions()).enumerate())
            .map(|(at, (info, position))| {
                let start = starts[at];
                let next = starts[at..].iter().find(|next| **next != start);
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    position.x_advance as f32 / em,
                    position.x_offset as f32 / em,
                    position.y_offset as f32 / em,
                    0.0,
                    start..next.copied().unwrap_or(text.len()),
                    None,
                )
            })
            .collect();
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Shaped {
            text,
            weight,
            glyphs,
            width,
        }
    }

    /// A text on as many lines as it needs at a size and width, at most `lines_max`; the last one
    /// ends in an ellipsis if that is too few. Words that are too long are broken.
    pub(super) fn wrap(
        &self,
        text: &str,
        weight: Weight,
        size: f32,
        width: f32,
        lines_max: usize,
    ) -> Vec<Shaped> {
        let whole = self.shape(text, weight);
        if whole.width(size) <= width {
            return vec![whole];
        }
        let mut lines = Vec::new();
        let mut rest = whole.text.trim();
        while !rest.is_empty() {
            let fits = |end: usize| self.shape(&rest[..end], weight).width(size) <= width;
            if fits(rest.len()) {
                lines.push(self.shape(rest, weight));
                break;
            }
            if lines.len() + 1 >= lines_max {
                lines.push(self.ellipsised(rest, weight, size, width));
                break;
            }
            let end = line_end(rest, fits);
            lines.push(self.shape(rest[..end].trim_end(), weight));
            rest = rest[end..].trim_start();
        }
        lines
    }

    fn ellipsised(&self, text: &str, weight: Weight, size: f32, width: f32) -> Shaped {
        let shortened = |end: usize| {
            let kept = text[..end].trim_end();
            self.shape(&format!("{kept}…"), weight)
        };
        let fits = |end: usize| shortened(end).width(size) <= width;
        shortened(longest(text, fits).unwrap_or(0))
    }
}

/// Where a line of `text` ends: after the last word that fits, or within the first if none does.
fn line_end(text: &str, fits: impl Fn(usize) -> bool) -> usize {
    let spaces: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    let words = spaces.partition_point(|end| fits(*end));
    if words > 0 {
        return spaces[words - 1];
    }
    let one = text.chars().next().map_or(0, char::len_utf8);
    longest(text, fits).unwrap_or(0).max(one)
}

/// The longest beginning of `text` that fits, as its end.
fn longest(text: &str, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .collect();
    let count = ends.partition_point(|end| fits(*end));
    count.checked_sub(1).map(|last| ends[last])
}

/// The character that stands for one in the file: nothing for one without width of its own that
/// only steers a screen, a space for white space, U+FFFD for one that the font does not have.
fn printable(c: char, face: &Face<'_>) -> Option<char> {
    let steers = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}');
    if steers || c.is_control() && !c.is_whitespace() {
        return None;
    }
    if c.is_whitespace() {
        return Some(' ');
    }
    let known = face.glyph_index(c).is_some_and(|glyph| glyph.0 != 0);
    Some(if known {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Shaped]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn figures_all_have_one_width() {
        let typeface = Typeface::new();
        for weight in [Weight::Regular, Weight::Bold] {
            let wide = typeface.shape("8888888888", weight).width(100.0);
            let mixed = typeface.shape("0123456789", weight).width(100.0);
            assert!((wide - mixed).abs() < 0.001, "{wide} {mixed}");
        }
    }

    #[test]
    fn letters_of_europe_have_glyphs_and_others_a_mark() {
        let typeface = Typeface::new();
        for text in [
            "Ærøskøbing Łódź Ţîrgu ẞ ő €",
            "Кинотеатр «Звезда»",
            "Ζαχαροπλαστείο",
        ] {
            assert_eq!(typeface.shape(text, Weight::Regular).text, text);
            assert_eq!(typeface.shape(text, Weight::Bold).text, text);
        }
        let foreign = typeface.shape("a\u{202e}株\tb\u{0}", Weight::Regular);
        assert_eq!(foreign.text, "a\u{fffd} b");
        assert!(
            foreign
                .glyphs
                .iter()
                .all(|glyph| glyph.glyph_id.to_u32() != 0)
        );
    }

    #[test]
    fn no_line_is_wider_than_asked_and_none_is_lost() {
        let typeface = Typeface::new();
        let text = "one two three Donaudampfschifffahrtsgesellschaftskapitän four";
        let lines = typeface.wrap(text, Weight::Regular, 10.0, 60.0, 99);
        assert!(lines.iter().all(|line| line.width(10.0) <= 60.0));
        let bare = |text: &str| text.replace(' ', "");
        assert_eq!(bare(&texts(&lines).concat()), bare(text));
        assert_eq!(texts(&lines)[0], "one two");

        let lines = typeface.wrap(text, Weight::Bold, 10.0, 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].text.ends_with('…'));
        assert!(lines.iter().all(|line| line.width(10.0) <= 60.0));
        // Too narrow for any letter: it still ends.
        assert_eq!(typeface.wrap("abc", Weight::Bold, 10.0, 1.0, 9).len(), 3);
    }
}
