//! The listener, which is closed while the sandbox is away.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{Server, api};

/// Serves for ever, but for the times away.
pub(super) async fn serve(mut listener: TcpListener, address: SocketAddr, server: Arc<Server>) {
    let router = api::router(&server);
    loop {
        let open = server.stop.child_token();
        tokio::select! {
            () = accept(&listener, &router, &open) => {}
            () = server.until(|switches| switches.away) => {}
        }
        drop(listener);
        open.cancel();
        server.listening.send_replace(false);
        server.until(|switches| !switches.away).await;
        listener = listen_again(address).await;
        server.listening.send_replace(true);
    }
}

async fn accept(listener: &TcpListener, router: &Router, open: &CancellationToken) {
    loop {
        // An error here concerns a caller who is gone already.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _set = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| router.clone().oneshot(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(open.clone().run_until_cancelled_owned(connection));
    }
}

/// On the same port, as soon as it is free again.
async fn listen_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
