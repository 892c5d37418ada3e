//! A faulty line in front of a server: requests arrive, and an answer gets lost on the way back.
//!
//! It knows no protocol. What a client sends is a request, and what comes back after it is the answer; which request,
//! a test says by bytes that occur in it. So it serves Redis and Postgres alike. It can also keep requests or answers
//! to itself for a while, cut all connections, and lead elsewhere from now on.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::barrier::{Barrier, Lines};

/// Where the server listens.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// At an address.
    Tcp(SocketAddr),
    /// At a socket in the file system.
    Unix(PathBuf),
}

/// Which bytes are kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the server.
    Requests,
    /// Back to the client: what it asked for is done.
    Answers,
}

/// The line. It ends, and all connections with it, when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    _end: DropGuard,
}

#[derive(Debug)]
struct Faults {
    upstream: RwLock<Upstream>,
    barrier: Barrier<Way>,
    lines: Lines,
    /// What the request contains whose answer is to be lost.
    next: Mutex<Option<Vec<u8>>>,
    lost: AtomicU64,
}

impl Proxy {
    /// Listens on a free port of loopback. Call it inside a Tokio runtime.
    pub async fn start(upstream: Upstream) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, end) = (listener.local_addr()?, CancellationToken::new());
        let faults = Arc::new(Faults {
            upstream: RwLock::new(upstream),
            barrier: Barrier::default(),
            lines: Lines::default(),
            next: Mutex::default(),
            lost: AtomicU64::new(0),
        });
        let accepting = accept(listener, Arc::clone(&faults));
        let ended = end.clone();
        tokio::spawn(async move { ended.run_until_cancelled(accepting).await });
        Ok(Self { address, faults, _end: end.drop_guard() })
    }

    /// Where clients go.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Loses the answer to the next request that contains these bytes (any request, if there are none), and then cuts
    /// the connection. The server gets the request in full.
    pub fn lose_answer_to(&self, bytes: impl AsRef<[u8]>) {
        *self.faults.next() = Some(bytes.as_ref().to_vec());
    }

    /// Keeps to itself what comes that way from now on, in order, until [`release`](Self::release).
    pub fn hold(&self, way: Way) {
        self.faults.barrier.close(way);
    }

    /// Carries on, with what was held first: it arrives even when its sender is gone.
    pub fn release(&self) {
        self.faults.barrier.open();
    }

    /// Carries what is held now, and goes on holding.
    pub fn step(&self) {
        self.faults.barrier.step();
    }

    /// How many times something was held, ever.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.faults.barrier.arrived()
    }

    /// Waits until that is more than `than`, and no longer than `patience`; answers what it is then.
    pub async fn wait_for_another(&self, than: u64, patience: Duration) -> u64 {
        self.faults.barrier.wait_for_another(than, patience).await
    }

    /// Waits until so many connections have something held, and no longer than `patience`; answers how many have.
    pub async fn wait_for_held(&self, count: usize, patience: Duration) -> usize {
        self.faults.barrier.wait_for(count, patience).await
    }

    /// Ends all connections at once; what is held is lost.
    pub fn cut(&self) {
        self.faults.lines.cut();
    }

    /// Leads elsewhere: connections of now end, later ones go there.
    pub fn lead_to(&self, upstream: Upstream) {
        *self.faults.upstream.write().unwrap_or_else(PoisonError::into_inner) = upstream;
        self.cut();
    }

    /// How many answers were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.faults.lost.load(Ordering::SeqCst)
    }
}

impl Faults {
    fn next(&self) -> std::sync::MutexGuard<'_, Option<Vec<u8>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is this the request? Then no other is.
    fn strikes(&self, request: &[u8]) -> bool {
        self.next().take_if(|bytes| memchr::memmem::find(request, bytes).is_some()).is_some()
    }
}

async fn accept(listener: TcpListener, faults: Arc<Faults>) {
    // Dropped with this future, and the connections with it.
    let mut connections = JoinSet::new();
    loop {
        // An error here concerns a caller who is gone already.
        let Ok((client, _)) = listener.accept().await else { continue };
        let (line, faults) = (faults.lines.open(), Arc::clone(&faults));
        let upstream = faults.upstream.read().unwrap_or_else(PoisonError::into_inner).clone();
        connections.spawn(async move { line.carry(connect(client, upstream, &faults)).await });
        while connections.try_join_next().is_some() {}
    }
}

/// A server that cannot be reached looks like one that hangs up.
async fn connect(client: TcpStream, upstream: Upstream, faults: &Faults) {
    match upstream {
        Upstream::Tcp(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                let _ = server.set_nodelay(true);
                let (read, write) = server.into_split();
                carry(client, read, write, faults).await;
            }
        }
        Upstream::Unix(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                let (read, write) = server.into_split();
                carry(client, read, write, faults).await;
            }
        }
    }
}

/// Carries bytes both ways until either side ends or an answer was lost.
async fn carry(
    client: TcpStream,
    mut server_reads: impl AsyncRead + Unpin,
    mut server_writes: impl AsyncWrite + Unpin,
    faults: &Faults,
) {
    let struck = AtomicBool::new(false);
    let _ = client.set_nodelay(true);
    let (mut client_reads, mut client_writes) = client.into_split();
    let requests = async {
        let mut request = vec![0; 64 << 10];
        while let Ok(length @ 1..) = client_reads.read(&mut request).await {
            if faults.strikes(&request[..length]) {
                struck.store(true, Ordering::SeqCst);
            }
            faults.barrier.pass(Way::Requests).await;
            if server_writes.write_all(&request[..length]).await.is_err() {
                break;
            }
        }
    };
    let answers = async {
        let mut answer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = server_reads.read(&mut answer).await {
            if struck.load(Ordering::SeqCst) {
                faults.lost.fetch_add(1, Ordering::SeqCst);
                break;
            }
            faults.barrier.pass(Way::Answers).await;
            if client_writes.write_all(&answer[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
    drop((client_reads, client_writes));
    // Closed while answers lie unread, the server would not read its requests to the end.
    let _ = server_writes.shutdown().await;
    let _ = copy(&mut server_reads, &mut sink()).await;
}
