//! Windows: the days that are netted together, how far each has come, and the house's files.
//!
//! A partner sees which windows there are and its own open payments; totals, problems and files of
//! the whole coalition are the house's. Must not: read a window's document to list it; that may
//! hold a million lines.

use super::extract::{UrlPath, UrlQuery};
use super::house::House;
use super::problem::{Code, Problem, ProblemBody};
use super::published::{self, File};
use super::receipts::json_of;
use super::statements::{Document, FileBytes};
use super::token::Caller;
use super::verifier::blocking;
use crate::domain::ids::Name;
use crate::domain::scope::Scope;
use crate::domain::statement::Savings;
use crate::domain::time::Day;
use crate::domain::window::{Step, Window, WindowState};
use crate::settlement::publish;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most windows of one page.
const LIMIT_MAX: usize = 200;

/// Which windows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The most windows to answer, 1 to 200; 50 if absent.
    #[param(example = 50)]
    limit: Option<usize>,
    /// Only windows before this number; see the `Link` header.
    #[param(example = 90)]
    before: Option<u32>,
}

/// A page of windows.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "currency": "EUR",
    "windows": [{
        "window": 3, "state": "stated", "first_day": "2026-03-04", "last_day": "2026-03-04",
        "first_entry": 4100, "last_entry": 4711, "statements": 2, "published": true,
        "netting": {
            "lines": 12, "pairs": 4, "gross": "1204.50", "payments": 2, "net": "310.25",
            "efficiency_percent": "74.24"
        },
        "problems": [{"file": "payments.pain001.xml", "problem": "the house has no account"}]
    }]
}))]
pub struct WindowsBody {
    /// The currency of all amounts.
    currency: String,
    /// Newest first.
    windows: Vec<WindowLine>,
}

/// A window in few words.
#[derive(Serialize, ToSchema)]
pub struct WindowLine {
    /// Its number, from 0.
    window: u32,
    /// `open`, `cut`, `held`, `netted` or `stated`.
    state: &'static str,
    /// The first day it covers.
    #[schema(value_type = String)]
    first_day: Day,
    /// The last day it covers; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    last_day: Option<Day>,
    /// Its first entry.
    first_entry: u64,
    /// Its last entry, the cut; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_entry: Option<u64>,
    /// How many statements it has; 0 until it is netted.
    statements: u32,
    /// Whether its files can be had.
    published: bool,
    /// What netting saved: for the house, once the files can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NettingBody>)]
    netting: Option<Savings>,
    /// Files that could not be made, for the house.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FileProblem>)]
    problems: Vec<publish::Problem>,
}

/// What netting saved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct NettingBody {
    /// How many lines there are.
    lines: u64,
    /// How many payments these would take without netting.
    pairs: u64,
    /// The sum of all lines.
    gross: String,
    /// How many payments are made.
    payments: u64,
    /// The sum of what net debtors owe.
    net: String,
    /// (1 − net / gross) × 100; absent where gross is zero.
    efficiency_percent: Option<String>,
}

/// A file that could not be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct FileProblem {
    /// Its name.
    file: String,
    /// Why, and what to do.
    problem: String,
}

/// A window in full.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "window": 3, "state": "stated", "first_day": "2026-03-04", "last_day": "2026-03-04",
    "first_entry": 4100, "last_entry": 4711, "statements": 2, "published": true,
    "currency": "EUR",
    "cut": {"entry": 4711, "at": "2026-03-05T00:30:00.000000Z"},
    "netted": {"entry": 4712, "at": "2026-03-05T00:30:01.000000Z"},
    "stated": {"entry": 4713, "at": "2026-03-05T00:30:02.000000Z"},
    "open_payments": 1,
    "uncollected": 1,
    "dispute_until": "2026-03-19"
}))]
pub struct WindowBody {
    #[serde(flatten)]
    line: WindowLine,
    /// The currency of all amounts.
    currency: String,
    /// The entry that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<StepBody>,
    /// The entry that netted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    netted: Option<StepBody>,
    /// The entry that bound its statements.
    #[serde(skip_serializing_if = "Option::is_none")]
    stated: Option<StepBody>,
    /// Its payments that are still open: for a partner those that it makes or gets.
    open_payments: u64,
    /// Payments to the house that are still open, for the house.
    #[serde(skip_serializing_if = "Option::is_none")]
    uncollected: Option<u32>,
    /// The last day on which it can be disputed; absent until it is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    dispute_until: Option<Day>,
}

/// An entry that took a window further.
#[derive(Serialize, ToSchema)]
pub struct StepBody {
    /// Its index.
    entry: u64,
    /// When it was accepted, RFC 3339.
    at: String,
}

/// List the windows
///
/// Newest first, in pages. A partner needs the scope `statements`.
#[utoipa::path(
    get,
    path = "/v1/{programme}/windows",
    operation_id = "listWindows",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        Page,
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page", body = WindowsBody,
            headers(("link" = String, description = "The next page, if there is one"))),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn list(caller: Caller, UrlQuery(page): UrlQuery<Page>) -> Result<Response, Problem> {
    caller.may_read_books(&[Scope::Statements])?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("limit is a number from 1 to {LIMIT_MAX}");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let programme = caller.programme.id;
    let (body, next) = blocking(move || read_page(&caller, limit, page.before)).await?;
    let mut response = json_of(&body);
    if let Some(next) = next {
        let rest = format!("windows?before={next}&limit={limit}");
        link(&mut response, programme, &rest);
    }
    Ok(response)
}

/// A page, and the last window on it if there are older ones.
fn read_page(
    caller: &Caller,
    limit: usize,
    before: Option<u32>,
) -> Result<(WindowsBody, Option<u32>), Problem> {
    let view = caller.programme.ledger.view();
    let newest_first = view.windows.iter().rev();
    let windows = newest_first.filter(|window| before.is_none_or(|before| window.number < before));
    let windows = windows.take(limit).map(|window| line(caller, window));
    let windows = windows.collect::<Result<Vec<_>, _>>()?;
    let next = windows.last().map(|line| line.window);
    let next = next.filter(|last| *last > 0);
    let currency = view.governance.programme.currency.code().to_owned();
    Ok((WindowsBody { currency, windows }, next))
}

fn line(caller: &Caller, window: &Window) -> Result<WindowLine, Problem> {
    let settlement = &caller.programme.settlement;
    let dir = &settlement.settings().windows_dir;
    let number = window.number;
    let published = window.state == WindowState::Stated && settlement.is_published(number);
    let (mut netting, mut problems) = (None, Vec::new());
    if published && caller.is_house() {
        let summary = publish::summary(dir, number).map_err(Problem::internal)?;
        netting = Some(summary.netting);
        problems = publish::problems(dir, number).map_err(Problem::internal)?;
    }
    Ok(WindowLine {
        window: number,
        state: window.state.as_str(),
        first_day: window.first_day,
        last_day: window.last_day,
        first_entry: window.first_entry,
        last_entry: window.cut.map(|cut| cut.entry),
        statements: window.statements,
        published,
        netting,
        problems,
    })
}

/// Leads to the next page of a programme's list.
pub fn link(response: &mut Response, programme: Name, rest: &str) {
    let link = format!("</v1/{programme}/{rest}>; rel=\"next\"");
    let link = HeaderValue::from_str(&link).expect("ids and numbers are plain ASCII");
    response.headers_mut().insert(header::LINK, link);
}

/// Get a window
///
/// How far it has come, by which entries, and what is still to be paid.
#[utoipa::path(
    get,
    path = "/v1/{programme}/windows/{window}",
    operation_id = "getWindow",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("window" = u32, Path, description = "The window's number", example = 3),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The window", body = WindowBody),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(
    caller: Caller,
    UrlPath(path): UrlPath<(String, String)>,
) -> Result<Response, Problem> {
    let (_, window) = path;
    caller.may_read_books(&[Scope::Statements])?;
    let window = published::window(&caller, &window)?;
    let body = blocking(move || body(&caller, &window));
    Ok(json_of(&body.await?))
}

fn body(caller: &Caller, window: &Window) -> Result<WindowBody, Problem> {
    let programme = &caller.programme;
    let step = |step: Step| StepBody {
        entry: step.entry,
        at: step.at.to_rfc3339(),
    };
    let payments = programme.ledger.payments(window.number)?;
    let open = payments.iter().filter(|(_, item)| item.paid.is_none());
    let own = open.filter(|(key, _)| caller.may_see(key.debtor) || caller.may_see(key.creditor));
    let currency = programme.ledger.view().governance.programme.currency;
    Ok(WindowBody {
        line: line(caller, window)?,
        currency: currency.code().to_owned(),
        cut: window.cut.map(step),
        netted: window.netted.map(step),
        stated: window.stated.map(step),
        open_payments: own.count() as u64,
        uncollected: caller.is_house().then_some(window.uncollected),
        dispute_until: window.dispute_until,
    })
}

/// Get a file of a window
///
/// For the house: `window.json` (also `matrix.json`) is its document of all lines, positions and
/// payments, `window.jws` the same signed; `matrix.csv` and `.xlsx`, `journal.hledger` and
/// `.beancount`, `payments.pain001.xml` and `payments.pain008.xml` are made of it; `pack.zip` holds
/// everything.
#[utoipa::path(
    get,
    path = "/v1/{programme}/windows/{window}/{file}",
    operation_id = "getWindowFile",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("window" = u32, Path, description = "The window's number", example = 3),
        ("file" = String, Path, description = "The file's name", example = "matrix.xlsx"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The file", content(
            (Document = "application/json"),
            (FileBytes = "application/jose"),
            (FileBytes = "text/csv"),
            (FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileBytes = "text/plain"),
            (FileBytes = "application/xml"),
            (FileBytes = "application/zip"),
        ), headers(("etag" = String, description = "SHA-256 of the bytes"))),
        (status = 304, description = "The caller has it: its tag is in If-None-Match"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn file(
    State(house): State<House>,
    caller: Caller,
    UrlPath(path): UrlPath<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, window, file) = path;
    caller.may_read_books(&[Scope::Statements])?;
    if !caller.is_house() {
        return Err(Problem::not_found());
    }
    let file = File::of_house(&file)?;
    let window = published::window(&caller, &window)?;
    published::send(&house, caller, window, file, &headers).await
}
