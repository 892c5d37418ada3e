//! The routes, and the life of the server from its first connection to its last.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use porchlight_shared::{queue, runtime::clock::Clock, store};
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::CallerLimit,
    asked, board, chasing,
    config::ServeSettings,
    docs, family, health, intake, join, limits,
    metrics::{Metrics, RequestLabels},
    pages, passes, receipts, settings, sign_in,
    state::{AppState, RedisHandle},
    stop, suppressions,
};

/// How long a script may run in Redis before its connection is given up.
const REDIS_PATIENCE: Duration = Duration::from_secs(5);

/// PDFs that are drawn at once.
const DRAWN_AT_ONCE: usize = 2;

/// How long a stop waits for connections to end.
const LAST_PATIENCE: Duration = Duration::from_secs(15);

#[derive(OpenApi)]
#[openapi(
    info(title = "Porchlight", description = "Delivers invitations in bulk and shows what happened to each one.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    modifiers(&BearerScheme),
)]
struct Document;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Made by `porchlight-api admin create-token`"));
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    }
}

fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(settings::endpoint::show_community, settings::endpoint::change_community))
        .routes(routes!(suppressions::endpoint::list_suppressions, suppressions::endpoint::add_suppression))
        .routes(routes!(suppressions::endpoint::lift_suppression))
        .routes(routes!(intake::verify::verify_list))
        .routes(routes!(intake::endpoint::create_batch))
        .routes(routes!(intake::drafts::endpoint::create_draft, intake::drafts::endpoint::list_drafts))
        .routes(routes!(
            intake::drafts::endpoint::show_draft,
            intake::drafts::endpoint::mend_draft,
            intake::drafts::endpoint::delete_draft
        ))
        .routes(routes!(intake::import::import_households))
        .routes(routes!(board::batch::show_batch))
        .routes(routes!(board::stream::stream_batch))
        .routes(routes!(board::steering::pause_batch))
        .routes(routes!(board::steering::resume_batch))
        .routes(routes!(board::steering::cancel_batch))
        .routes(routes!(board::deliveries::list_deliveries))
        .routes(routes!(board::timeline::show_delivery))
        .routes(routes!(board::deciding::send_delivery_again))
        .routes(routes!(board::deciding::leave_delivery))
        .routes(routes!(chasing::endpoint::retry_batch))
        .routes(routes!(chasing::listing::list_invitations))
        .routes(routes!(chasing::endpoint::resend_invitation))
        .routes(routes!(chasing::endpoint::extend_invitation))
        .routes(routes!(chasing::endpoint::replace_invitation))
        .routes(routes!(chasing::endpoint::revoke_invitation))
        .routes(routes!(board::merging::merge_households))
        .routes(routes!(passes::endpoint::print_passes, passes::endpoint::list_printings))
        .routes(routes!(passes::endpoint::show_printing))
        .routes(routes!(passes::endpoint::fetch_sheets))
        .routes(routes!(passes::endpoint::hand_passes_over))
        .routes(routes!(passes::endpoint::void_passes))
        .routes(routes!(asked::endpoint::list_requests))
        .routes(routes!(asked::endpoint::grant_request))
        .routes(routes!(asked::endpoint::decline_request))
        .merge(OpenApiRouter::new().routes(routes!(join::endpoint::join)).layer(pages::small_body()))
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// Everything that is answered.
pub fn router(state: Arc<AppState>) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = Arc::new(document);
    router
        .route(
            "/openapi.json",
            get(move || {
                let document = Arc::clone(&document);
                async move { Json((*document).clone()) }
            }),
        )
        .merge(docs::routes())
        .merge(settings::logo::routes())
        .merge(health::routes())
        .merge(join::landing::routes().layer(pages::small_body()))
        .merge(stop::routes().layer(pages::small_body()))
        .merge(family::pages::routes().layer(pages::small_body()))
        .merge(sign_in::routes().layer(pages::small_body()))
        .merge(pages::routes())
        .merge(board::pages::routes().layer(pages::small_body()))
        .merge(receipts::routes())
        .fallback(pages::nowhere)
        .method_not_allowed_fallback(pages::not_like_this)
        .layer(DefaultBodyLimit::max(intake::body::LARGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), measure))
        .with_state(state)
}

async fn measure(
    State(state): State<Arc<AppState>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = match request.method().as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    };
    let began = tokio::time::Instant::now();
    let response = next.run(request).await;
    let labels = RequestLabels { route, method, status: response.status().as_u16() };
    state.metrics.request_seconds.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    response
}

/// Serves until `stopping` is cancelled; then finishes the requests that run and the pushes that they left.
///
/// # Errors
/// When the ledger refuses us, is not migrated, or the address cannot be listened on.
pub async fn serve(
    settings: ServeSettings,
    clock: Clock,
    stopping: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let pool = store::connect(&settings.store, "porchlight-api", &stopping).await?;
    store::check_migrated(&pool).await?;
    let redis = queue::connect(settings.redis.expose_secret(), REDIS_PATIENCE)
        .map_err(|_| "REDIS_URL does not fit: it cannot be read; it should be redis://host:6379/0")?;
    let state = Arc::new(AppState {
        pool,
        redis: RedisHandle(redis),
        keyring: settings.keyring,
        clock,
        caller_limit: CallerLimit::default(),
        list_room: intake::body::Room::default(),
        verdicts: intake::drafts::memory::Memory::default(),
        trusted_proxies: settings.trusted_proxies,
        local_tries: join::LocalTries::default(),
        local_limits: limits::LocalLimits::default(),
        drawing: Arc::new(Semaphore::new(DRAWN_AT_ONCE)),
        views: board::live::Views::until(stopping.clone()),
        site: settings.site,
        texts: settings.texts.map(receipts::Texts::new),
        text_window: settings.text_window,
        metrics: Metrics::default(),
        afterwards: TaskTracker::new(),
    });
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("cannot listen on {} (PORCHLIGHT_LISTEN): {error}", settings.listen))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let router = router(Arc::clone(&state)).into_make_service_with_connect_info::<SocketAddr>();
    let patience = async {
        stopping.cancelled().await;
        tokio::time::sleep(LAST_PATIENCE).await;
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopping.clone().cancelled_owned());
    tokio::select! {
        ended = serving => ended?,
        // Somebody watches who takes nothing any more.
        () = patience => tracing::warn!("some connections did not end in time"),
    }
    state.afterwards.close();
    state.afterwards.wait().await;
    state.pool.close().await;
    tracing::info!("stopped");
    Ok(())
}
