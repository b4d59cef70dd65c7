//! Statements: a partner's own files of a stated window, and its word that it has seen them.
//!
//! The house reads all of them; the scope `statements` is enough for a partner's finance staff. An
//! acknowledgement is a submission like any other, and needs no token. Must not: tell a partner
//! whether another one has a statement.

use super::extract::{At, UrlPath, UrlQuery, id};
use super::house::House;
use super::problem::{Code, Problem, ProblemBody};
use super::published::{self, File};
use super::receipts::{self, json_of};
use super::submissions;
use super::token::Caller;
use super::verifier::blocking;
use super::windows::link;
use crate::domain::ids::{Name, Party};
use crate::domain::scope::Scope;
use crate::domain::submission::Action;
use crate::domain::window::Window;
use crate::proof::envelope::Envelope;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most statements of one page.
const LIMIT_MAX: usize = 1_000;

/// Which statements.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The most statements to answer, 1 to 1,000; 100 if absent.
    #[param(example = 100)]
    limit: Option<usize>,
    /// Only those after this partner, in order of ids; see the `Link` header.
    #[param(example = "bakery")]
    after: Option<String>,
}

/// The statements of a window.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "window": 3,
    "statements": [{
        "partner": "bakery",
        "files": ["bakery.json", "bakery.jws", "bakery.stated.json", "bakery.csv"],
        "acknowledged_by_entry": 4812
    }]
}))]
pub struct StatementsBody {
    /// The window's number.
    window: u32,
    /// In order of partners' ids; a partner sees its own.
    statements: Vec<StatementLine>,
}

/// What there is of one statement.
#[derive(Serialize, ToSchema)]
pub struct StatementLine {
    /// Whose statement it is.
    #[schema(value_type = String)]
    partner: Name,
    /// Its files, by their addresses below this one.
    files: Vec<String>,
    /// The entry in which the partner acknowledged it; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_by_entry: Option<u64>,
}

/// A published file, as it was published.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct FileBytes(Vec<u8>);

/// A published document; `schemas/` says what it holds.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Document(Vec<u8>);

/// List the statements of a window
///
/// For the house all of them, for a partner its own.
#[utoipa::path(
    get,
    path = "/v1/{programme}/windows/{window}/statements",
    operation_id = "listStatements",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("window" = u32, Path, description = "The window's number", example = 3),
        Page,
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page", body = StatementsBody,
            headers(("link" = String, description = "The next page, if there is one"))),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn list(
    caller: Caller,
    UrlPath(path): UrlPath<(String, String)>,
    UrlQuery(page): UrlQuery<Page>,
) -> Result<Response, Problem> {
    let (_, window) = path;
    caller.may_read_books(&[Scope::Statements])?;
    let window = published::window(&caller, &window)?;
    let limit = page.limit.unwrap_or(100);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("limit is a number from 1 to {LIMIT_MAX}");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let after = page.after.as_deref().map(|after| id(Name::parse(after)));
    let after = after.transpose()?;
    let (programme, number) = (caller.programme.id, window.number);
    let (body, next) = blocking(move || read_page(&caller, &window, limit, after)).await?;
    let mut response = json_of(&body);
    if let Some(next) = next {
        let rest = format!("windows/{number}/statements?after={next}&limit={limit}");
        link(&mut response, programme, &rest);
    }
    Ok(response)
}

/// A page, and the last partner on it if there are more.
fn read_page(
    caller: &Caller,
    window: &Window,
    limit: usize,
    after: Option<Name>,
) -> Result<(StatementsBody, Option<Name>), Problem> {
    let folder = published::folder(caller, window)?;
    let ledger = &caller.programme.ledger;
    let view = ledger.view();
    let all = (1..=window.statements).filter_map(|party| u16::try_from(party).ok());
    let seen = all.map(Party).filter(|party| caller.may_see(*party));
    let mut partners: Vec<(Name, Party)> = seen
        .map(|party| (view.governance.name(party), party))
        .filter(|(name, _)| after.is_none_or(|after| *name > after))
        .collect();
    partners.sort_unstable();
    let more = partners.len() > limit;
    partners.truncate(limit);
    let mut statements = Vec::with_capacity(partners.len());
    for (partner, party) in &partners {
        let files = File::all_of(*partner).filter(|file| file.is_in(&folder));
        let acknowledged = ledger.acknowledgement(window.number, *party)?;
        statements.push(StatementLine {
            partner: *partner,
            files: files.map(|file| file.name().to_owned()).collect(),
            acknowledged_by_entry: acknowledged.map(|at| at.entry),
        });
    }
    let next = partners.last().filter(|_| more).map(|(name, _)| *name);
    let window = window.number;
    Ok((StatementsBody { window, statements }, next))
}

/// Get a file of a statement
///
/// `{partner}.json` is the statement, `.jws` the same signed by the house, `.stated.json` its proof
/// that the ledger binds it; `.csv`, `.xlsx`, `.pdf` and `.camt053.xml` are made of it. A partner
/// gets its own.
#[utoipa::path(
    get,
    path = "/v1/{programme}/windows/{window}/statements/{file}",
    operation_id = "getStatementFile",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("window" = u32, Path, description = "The window's number", example = 3),
        ("file" = String, Path, description = "The partner's id and an ending",
            example = "bakery.pdf"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The file", content(
            (Document = "application/json"),
            (FileBytes = "application/jose"),
            (FileBytes = "text/csv"),
            (FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileBytes = "application/pdf"),
            (FileBytes = "application/xml"),
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
    let (partner, file) = File::of_partner(&file)?;
    let party = caller.programme.ledger.view().governance.party(&partner);
    let party = party.filter(|party| !party.is_house() && caller.may_see(*party));
    let party = party.ok_or_else(Problem::not_found)?;
    let window = published::window(&caller, &window)?;
    // A partner that was registered later has no statement of a window netted before.
    if window.netted.is_some() && !window.concerns(party) {
        return Err(Problem::not_found());
    }
    published::send(&house, caller, window, file, &headers).await
}

/// Acknowledge a statement
///
/// A submission as for `/submissions`, that holds exactly one op: the partner's own
/// `statement_acknowledge` of this window. It is answered as it is there.
#[utoipa::path(
    post,
    path = "/v1/{programme}/windows/{window}/statements/{partner}/acknowledge",
    operation_id = "acknowledgeStatement",
    tag = "windows",
    params(
        ("programme" = String, Path, description = "The programme's id", example = "demo"),
        ("window" = u32, Path, description = "The window's number", example = 3),
        ("partner" = String, Path, description = "The partner's id", example = "bakery"),
    ),
    request_body(
        content = String,
        content_type = "application/jose",
        description = "schemas/submission.schema.json, signed",
    ),
    responses(
        (status = 201, description = "Durable now: schemas/receipt.schema.json",
            body = receipts::ReceiptBody),
        (status = 200, description = "These bytes were durable before: the first receipt",
            body = receipts::ReceiptBody),
        (status = "default", description = "Refused, and no trace in the ledger",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn acknowledge(
    State(house): State<House>,
    At(programme): At,
    UrlPath(path): UrlPath<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, window, partner) = path;
    let check = |envelope: &Envelope| match envelope.submission.ops.as_slice() {
        [op] if envelope.author.as_str() == partner => match &op.action {
            Action::StatementAcknowledge(number) if number.to_string() == window => Ok(()),
            _ => Err(not_that(&window, &partner)),
        },
        _ => Err(not_that(&window, &partner)),
    };
    submissions::take(&house, &programme, request, check).await
}

fn not_that(window: &str, partner: &str) -> Problem {
    let detail = format!(
        "send exactly one op here, statement_acknowledge of window {window}, signed by {partner}; \
         anything else goes to /submissions"
    );
    Problem::new(Code::Malformed, detail)
}
