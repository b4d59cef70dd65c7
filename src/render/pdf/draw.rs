//! The file: marks on pages as PDF, a footer on each, and what the document says of itself.
//!
//! Must not: read a clock, or leave out a mark.

use super::figures;
use super::masthead::SIMULATED;
use super::page::{Area, HEIGHT, LEFT, MEASURE, Mark, NOTE, Paper, RIGHT, Tone, WIDTH};
use super::typeface::Typeface;
use super::words;
use crate::domain::ids::{HOUSE, Name};
use crate::domain::time::Day;
use crate::render::Sheet;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::{Page, PageSettings};
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

/// How many digits of the hash a footer has.
const FOOTER_HASH: usize = 16;

/// Draws all pages.
pub(super) fn file(sheet: &Sheet<'_>, typeface: &Typeface, pages: &[Vec<Mark>]) -> Vec<u8> {
    let configuration = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U);
    let settings = SerializeSettings {
        configuration: configuration.finish().expect("one standard by itself"),
        enable_tagging: false,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(sheet, typeface));
    for (at, marks) in pages.iter().enumerate() {
        let footer = footer(sheet, typeface, at + 1, pages.len());
        let size = PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 is a size");
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in marks.iter().chain(&footer) {
            draw(&mut surface, typeface, mark);
        }
        surface.finish();
        marks.iter().for_each(|mark| link(&mut page, mark));
        page.finish();
    }
    document
        .finish()
        .expect("letters, rectangles and links are all that PDF/A-2u asks of them")
}

/// Title, author and date. The date is that of netting, so that the same sheet gives the same file.
fn metadata(sheet: &Sheet<'_>, typeface: &Typeface) -> Metadata {
    let name = |party| {
        let name = words::party(party, sheet.masters);
        typeface.shape(name, NOTE.weight).text
    };
    let identity = &sheet.statement.identity;
    let house = Name::parse(HOUSE).expect("the house's id is a name");
    let partner = name(&sheet.statement.partner);
    let days = figures::days(identity.first_day, identity.last_day);
    let simulated = if identity.simulated {
        " (simulated ledger)"
    } else {
        ""
    };
    let metadata = Metadata::new()
        .title(format!(
            "Statement, window {}, {partner}{simulated}",
            identity.window
        ))
        .description(format!("Programme {}, {days}", identity.programme))
        .authors(vec![name(&house)])
        .creator("Tallyhouse".to_owned())
        .keywords(vec![format!("sha256:{}", sheet.stated.sha256)])
        .language("en".to_owned());
    match date(&sheet.statement.log.netted_at) {
        Some(date) => metadata.creation_date(date),
        None => metadata,
    }
}

/// An RFC 3339 instant in UTC.
fn date(instant: &str) -> Option<DateTime> {
    Day::parse(instant.get(..10)?)?;
    let number = |from: usize, to: usize| instant.get(from..to)?.parse::<u8>().ok();
    let date = DateTime::new(instant.get(..4)?.parse().ok()?)
        .month(number(5, 7)?)
        .day(number(8, 10)?)
        .hour(number(11, 13)?)
        .minute(number(14, 16)?)
        .second(number(17, 19)?);
    Some(date.utc_offset_hour(0).utc_offset_minute(0))
}

/// Programme, window, partner, page and hash.
pub(super) fn footer(
    sheet: &Sheet<'_>,
    typeface: &Typeface,
    page: usize,
    pages: usize,
) -> Vec<Mark> {
    let identity = &sheet.statement.identity;
    let mut paper = Paper::new(typeface);
    let y = HEIGHT - 40.0;
    paper.rule(LEFT, y - 11.0, MEASURE, 0.4, Tone::Hair);
    let right = format!(
        "SHA-256 {}…   Page {page} of {pages}",
        sheet.stated.sha256.get(..FOOTER_HASH).unwrap_or_default()
    );
    paper.text_right(RIGHT, y, &right, NOTE);
    let partner = words::party_with_id(&sheet.statement.partner, sheet.masters);
    let mut x = LEFT;
    if identity.simulated {
        let style = NOTE.toned(Tone::Alert);
        x = paper.text(x, y, SIMULATED, style) + 6.0;
    }
    let left = format!(
        "{}  ·  Window {}  ·  {partner}",
        identity.programme, identity.window
    );
    let room = MEASURE - (x - LEFT) - typeface.shape(&right, NOTE.weight).width(NOTE.size) - 12.0;
    paper.paragraph(x, y - NOTE.size, room, 1, &left, NOTE);
    paper.pages.remove(0)
}

fn draw(surface: &mut Surface<'_>, typeface: &Typeface, mark: &Mark) {
    match mark {
        Mark::Text {
            x,
            y,
            size,
            tone,
            shaped,
        } => {
            surface.set_fill(Some(fill(*tone)));
            surface.draw_glyphs(
                Point::from_xy(*x, *y),
                &shaped.glyphs,
                typeface.font(shaped.weight),
                &shaped.text,
                *size,
                false,
            );
        }
        Mark::Fill { areas, tone } => {
            if let Some(path) = path(areas) {
                surface.set_fill(Some(fill(*tone)));
                surface.draw_path(&path);
            }
        }
        Mark::Link { .. } => {}
    }
}

fn link(page: &mut Page<'_>, mark: &Mark) {
    if let Mark::Link { area, address } = mark {
        let action = Action::Link(LinkAction::new(address.clone()));
        if let Some(rect) = rect(area) {
            let link = LinkAnnotation::new(rect, Target::Action(action));
            page.add_annotation(link.into());
        }
    }
}

fn path(areas: &[Area]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    areas
        .iter()
        .filter_map(rect)
        .for_each(|rect| builder.push_rect(rect));
    builder.finish()
}

fn rect(area: &Area) -> Option<Rect> {
    Rect::from_xywh(area.x, area.y, area.width, area.height)
}

fn fill(tone: Tone) -> Fill {
    let color = match tone {
        Tone::Ink => rgb::Color::new(0x1b, 0x1f, 0x24),
        Tone::Soft => rgb::Color::new(0x5b, 0x65, 0x70),
        Tone::Accent => rgb::Color::new(0x0b, 0x4f, 0x6c),
        Tone::Alert => rgb::Color::new(0xa4, 0x26, 0x2c),
        Tone::Hair => rgb::Color::new(0xd0, 0xd6, 0xdc),
        Tone::Tint => rgb::Color::new(0xf1, 0xf5, 0xf8),
    };
    Fill {
        paint: color.into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}
