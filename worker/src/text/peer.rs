//! A scripted HTTP server for tests, on this machine: takes one request and does as it is told.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

/// The server, while it waits for its request or is done with it.
pub(super) struct Peer {
    address: SocketAddr,
    served: JoinHandle<String>,
}

impl Peer {
    /// Answers a request with exactly these bytes, and hangs up.
    pub(super) async fn saying(answer: &str) -> Self {
        Self::start(Some(answer.to_owned())).await
    }

    /// Takes a request and says nothing until the other side hangs up.
    pub(super) async fn silent() -> Self {
        Self::start(None).await
    }

    /// Answers a request with a status line's end, lines for the head, and a body.
    pub(super) async fn answering(status: &str, head: &str, body: &str) -> Self {
        let length = body.len();
        Self::saying(&format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        ))
        .await
    }

    async fn start(answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = request(&mut stream).await;
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0, "nothing more is asked"),
            }
            request
        });
        Self { address, served }
    }

    /// Where it is.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request that it was sent, when it is done.
    pub(super) async fn request(self) -> String {
        self.served.await.unwrap()
    }
}

/// An address at which nobody listens, and what keeps it so.
pub(super) fn nowhere() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, format!("http://{address}"))
}

/// Reads a request, head and body.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = whole(&bytes) {
            return request;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "half a request");
    }
}

/// The request, once its body is as long as its head says.
fn whole(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    (body.len() >= length).then(|| text.clone().into_owned())
}
