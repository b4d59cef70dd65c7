//! Every route, in one place.

use super::house::House;
use super::limits::observe;
use super::problem::{Code, Problem, ProblemBody};
use super::{
    clock, entries, history, lines, log, members, partners, portable, programme, receipts, reports,
    settle, statements, status, submissions, tiles, verify, windows,
};
use axum::Router;
use axum::routing;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tallyhouse",
        description = "The clearing house and ledger of a loyalty coalition. Submissions are \
            signed by their authors and answered with a receipt that proves them; reads carry a \
            token that the caller signs. Formats and rules: schemas/README.md."
    ),
    // Addresses that the router cannot take apart: `receipts::get` and `tiles` do that.
    paths(portable::proof, portable::entry, portable::effects, tiles::hashes, tiles::entries),
    components(schemas(ProblemBody)),
    modifiers(&Token),
)]
struct Description;

/// The way in which reads prove who asks.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.bearer_format = Some("JWT".to_owned());
        token.description = Some(
            "A compact JWS (EdDSA, typ tallyhouse-token+jwt) that the caller signs with a \
             registered key: aud is the ledger's origin, exp at most 10 minutes ahead, scope a \
             subset of the key's scopes."
                .to_owned(),
        );
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(programme::get))
        .routes(routes!(verify::get))
        .routes(routes!(submissions::post))
        .routes(routes!(submissions::get))
        .routes(routes!(entries::list))
        .routes(routes!(entries::get))
        .routes(routes!(receipts::get))
        .routes(routes!(members::get))
        .routes(routes!(history::get))
        .routes(routes!(partners::list))
        .routes(routes!(partners::get))
        .routes(routes!(lines::get))
        .routes(routes!(windows::list))
        .routes(routes!(windows::get))
        .routes(routes!(windows::file))
        .routes(routes!(statements::list))
        .routes(routes!(statements::file))
        .routes(routes!(statements::acknowledge))
        .routes(routes!(settle::post))
        .routes(routes!(reports::get))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::cosigned))
        .routes(routes!(log::policy))
        .routes(routes!(log::vkey))
        .routes(routes!(log::inclusion))
        .routes(routes!(log::consistency))
        .route(
            "/v1/{programme}/log/tile/{*tile}",
            routing::get(tiles::hashes),
        )
        .route(
            "/v1/{programme}/log/tile/entries/{*tile}",
            routing::get(tiles::entries).layer(CompressionLayer::new()),
        )
        .routes(routes!(clock::get, clock::post))
        .routes(routes!(status::healthz))
        .routes(routes!(status::readyz))
        .routes(routes!(status::metrics))
        .routes(routes!(status::description))
}

/// The description of every route, as `schemas/openapi.json` keeps it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The service of a house.
pub fn router(house: House) -> Router {
    let (router, _) = routes().split_for_parts();
    let pages = SwaggerUi::new("/docs").config(Config::new(["/openapi.json"]));
    router
        .merge(Router::<House>::from(pages))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::of(Code::MethodNotAllowed))
        .layer(axum::middleware::from_fn_with_state(house.clone(), observe))
        .with_state(house)
}
