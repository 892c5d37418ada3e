//! `/healthz`, `/readyz` and `/metrics` of a worker, on `PORCHLIGHT_WORKER_LISTEN`.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Bytes, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Answers until `stopping` is cancelled.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn listen(
    address: SocketAddr,
    pool: PgPool,
    metrics: Arc<Metrics>,
    stopping: CancellationToken,
) -> Result<(), String> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address} (PORCHLIGHT_WORKER_LISTEN): {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tracing::info!(%address, "health and metrics");
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                () = stopping.cancelled() => return,
                connection = listener.accept() => match connection {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted; resting a second");
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                        continue;
                    }
                },
            };
            let (pool, metrics) = (pool.clone(), Arc::clone(&metrics));
            let service = service_fn(move |request| {
                let (pool, metrics) = (pool.clone(), Arc::clone(&metrics));
                async move { Ok::<_, Infallible>(answer(&request, &pool, &metrics).await) }
            });
            // Whoever hangs up early has had enough.
            tokio::spawn(async move {
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok()
            });
        }
    });
    Ok(())
}

async fn answer(request: &Request<Incoming>, pool: &PgPool, metrics: &Metrics) -> Response<Full<Bytes>> {
    let (status, body) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => match sqlx::query("SELECT 1").execute(pool).await {
            Ok(_) => (StatusCode::OK, "ok\n".to_owned()),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be reached\n".to_owned()),
        },
        "/metrics" => (StatusCode::OK, metrics.text()),
        _ => (StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n".to_owned()),
    };
    let kind = "text/plain; charset=utf-8";
    let response =
        Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(Full::from(body));
    response.expect("a status and a header make a response")
}
