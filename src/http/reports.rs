//! Reports: sums over the whole ledger, as JSON or as a table for a spreadsheet.
//!
//! They come from the settlement's tally and the books, each in one piece as of one entry. Must
//! not: count anything; `domain::report` does.

use super::extract::{UrlPath, UrlQuery, accepts, id};
use super::house::House;
use super::partners::party_to_see;
use super::problem::{Code, Problem, ProblemBody};
use super::receipts::{decode, held};
use super::statements::FileBytes;
use super::token::Caller;
use super::verifier::blocking;
use crate::domain::ids::{Name, Party};
use crate::domain::report::{self, Cell, Source, Standing, Table};
use crate::domain::scope::Scope;
use crate::domain::time::{Day, Micros};
use crate::render::csv;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most rows of a report.
const ROWS_MAX: usize = 200_000;
/// How many days `activity` goes back if it is not told.
const DAYS_BACK: i32 = 30;
const TEXT_CSV: &str = "text/csv";

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    Liability,
    Activity,
    Redemption,
    Flow,
    Exposure,
    Breakage,
    Payments,
}

impl Report {
    const ALL: [(Self, &str); 7] = [
        (Self::Liability, "liability"),
        (Self::Activity, "activity"),
        (Self::Redemption, "redemption"),
        (Self::Flow, "flow"),
        (Self::Exposure, "exposure"),
        (Self::Breakage, "breakage"),
        (Self::Payments, "payments"),
    ];

    fn of(name: &str) -> Result<(Self, &'static str), Problem> {
        let known = Self::ALL.into_iter().find(|(_, known)| *known == name);
        known.ok_or_else(Problem::not_found)
    }
}

/// Which rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Rows {
    /// Only rows about this partner. A partner sees no others anyway.
    #[param(example = "bakery")]
    partner: Option<String>,
    /// The first day of `activity`; 30 days before the last if absent.
    #[param(value_type = Option<String>, example = "2026-03-01")]
    from: Option<Day>,
    /// The last day of `activity`; today if absent.
    #[param(value_type = Option<String>, example = "2026-03-31")]
    to: Option<Day>,
}

/// A report.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "redemption",
    "as_of": {"entry": 4711, "at": "2026-03-01T09:12:45.120394Z", "day": "2026-03-01"},
    "currency": "EUR",
    "point_scale": 0,
    "columns": ["issuer", "issued", "burned", "redemption_percent"],
    "rows": [{
        "issuer": "bakery", "issued": 1000, "burned": 250, "redemption_percent": "25.00"
    }]
}))]
pub struct ReportBody {
    /// Its name.
    report: &'static str,
    /// What it holds for.
    as_of: AsOf,
    /// The currency of amounts.
    currency: String,
    /// Decimals of a displayed point; points are in the smallest unit.
    point_scale: u8,
    /// The members of each row, in the order of the CSV's columns.
    columns: &'static [&'static str],
    /// The rows; a member is null where there is nothing to say.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// What a report holds for.
#[derive(Clone, Serialize, ToSchema)]
pub struct AsOf {
    /// The last entry that it counts.
    entry: u64,
    /// When that was accepted, RFC 3339.
    at: String,
    /// The ledger's present day, from which ages and delays are counted.
    #[schema(value_type = String)]
    day: Day,
}

/// Get a report
///
/// `liability`: what members have of each issuer's points, by month of issue, month of expiry and
/// remaining days (by the last day of the month of expiry). `activity`: what moved of each issuer's
/// points on each day. `redemption`: the share of each issuer's points that was burned. `flow`:
/// where each issuer's points were burned. `exposure`: what is risked with each partner, the
/// greatest first. `breakage`: what became of each issuer's points by month of issue. `payments`:
/// what is to be paid, and how late it is.
///
/// With `.json` or `.csv` behind the name; without, by `Accept`. The house sees all rows, a partner
/// those about itself, with the scope `read` or `statements`.
#[utoipa::path(
    get,
    path = "/v1/{programme}/reports/{report}",
    operation_id = "getReport",
    tag = "reports",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("report" = String, Path, description = "Its name", example = "liability.csv"),
        Rows,
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The report", content(
            (ReportBody = "application/json"),
            (FileBytes = "text/csv"),
        )),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    State(house): State<House>,
    caller: Caller,
    UrlPath(path): UrlPath<(String, String)>,
    UrlQuery(rows): UrlQuery<Rows>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, name) = path;
    caller.may_read_books(&[Scope::Read, Scope::Statements])?;
    let (name, is_csv) = match name.rsplit_once('.') {
        Some((name, "csv")) => (name, true),
        Some((name, "json")) => (name, false),
        Some(_) => return Err(Problem::not_found()),
        None => (name.as_str(), accepts(&headers, TEXT_CSV)),
    };
    let (report, name) = Report::of(name)?;
    let only = only(&caller, rows.partner.as_deref())?;
    let is_activity = report == Report::Activity;
    if !is_activity && (rows.from.is_some() || rows.to.is_some()) {
        let detail = "only the report activity takes from and to";
        return Err(Problem::new(Code::Malformed, detail));
    }
    let place = house.exports().clone().acquire_owned().await;
    let place = place.map_err(Problem::internal)?;
    let (id, days) = (caller.programme.id, (rows.from, rows.to));
    let written = blocking(move || write(&caller, report, name, only, days, is_csv));
    let (media_type, ending) = match is_csv {
        true => ("text/csv; charset=utf-8", "csv"),
        false => ("application/json", "json"),
    };
    let (bytes, day) = written.await?;
    let disposition = format!("attachment; filename=\"{id}-{name}-{day}.{ending}\"");
    let disposition = HeaderValue::from_str(&disposition).expect("ids and days are plain ASCII");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, held(bytes, place)).into_response())
}

/// Whose rows are shown: a partner's own, and for the house those that it asks for.
fn only(caller: &Caller, asked: Option<&str>) -> Result<Option<Party>, Problem> {
    match asked {
        Some(asked) => {
            let party = party_to_see(caller, id(Name::parse(asked))?.as_str())?;
            Ok((!party.is_house()).then_some(party))
        }
        None => Ok((!caller.is_house()).then_some(caller.party)),
    }
}

/// A report's bytes, and the day of which it is.
fn write(
    caller: &Caller,
    report: Report,
    name: &'static str,
    only: Option<Party>,
    days: (Option<Day>, Option<Day>),
    is_csv: bool,
) -> Result<(Vec<u8>, Day), Problem> {
    let programme = &caller.programme;
    let tally = programme.settlement.shadow().reported();
    let last = tally.size.saturating_sub(1);
    // While the second computation begins again there is nothing that could be said.
    let counted = usize::from(tally.size > 0);
    let record = programme.ledger.entries(last, counted)?.pop();
    let record = record.ok_or_else(|| Problem::of(Code::Busy))?;
    // A view taken after the tally knows every party and price that it names.
    let view = programme.ledger.view();
    let fixed = &view.governance.programme;
    let source = Source {
        tally: &tally,
        governance: &view.governance,
        today: programme.now().day(fixed.utc_offset_min),
        only,
    };
    let table = table(caller, &source, report, days)?;
    if table.rows.len() > ROWS_MAX {
        let detail = format!("the report has more than {ROWS_MAX} rows; ask for less of it");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let as_of = AsOf {
        entry: last,
        at: Micros(decode(&record.entry)?.accepted_at_us).to_rfc3339(),
        day: source.today,
    };
    if is_csv {
        return Ok((csv::report(&table, as_of.entry, &as_of.at), as_of.day));
    }
    let day = as_of.day;
    let body = ReportBody {
        report: name,
        as_of,
        currency: fixed.currency.code().to_owned(),
        point_scale: fixed.point_scale,
        columns: table.columns,
        rows: table.rows.iter().map(|row| object(&table, row)).collect(),
    };
    let bytes = serde_json::to_vec(&body).map_err(Problem::internal)?;
    Ok((bytes, day))
}

fn table(
    caller: &Caller,
    source: &Source<'_>,
    report: Report,
    (from, to): (Option<Day>, Option<Day>),
) -> Result<Table, Problem> {
    Ok(match report {
        Report::Liability => report::liability(source),
        Report::Activity => {
            let to = to.unwrap_or(source.today);
            let from = from.unwrap_or(Day(to.0.saturating_sub(DAYS_BACK)));
            if from > to {
                let detail = format!("from, {from}, lies after to, {to}");
                return Err(Problem::new(Code::Malformed, detail));
            }
            report::activity(source, from, to)
        }
        Report::Redemption => report::redemption(source),
        Report::Flow => report::flow(source),
        Report::Exposure => {
            let standings = standings(caller, source)?;
            let table = report::exposure(source, &standings);
            table.ok_or_else(|| Problem::internal("a partner's totals are out of range"))?
        }
        Report::Breakage => report::breakage(source),
        Report::Payments => report::payments(source),
    })
}

/// The totals of the partners that are shown.
fn standings(caller: &Caller, source: &Source<'_>) -> Result<Vec<Standing>, Problem> {
    let count = source.governance.partners.len();
    let all = (1_u16..).map(Party).take(count);
    let shown = all.filter(|party| source.only.is_none_or(|only| only == *party));
    let read = |party| -> Result<Standing, Problem> {
        let totals = caller.programme.ledger.party(party)?;
        Ok(Standing { party, totals })
    };
    shown.map(read).collect()
}

fn object(table: &Table, row: &[Cell]) -> serde_json::Map<String, serde_json::Value> {
    let cells = table.columns.iter().zip(row);
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Nothing => serde_json::Value::Null,
    };
    cells
        .map(|(column, found)| ((*column).to_owned(), cell(found)))
        .collect()
}
