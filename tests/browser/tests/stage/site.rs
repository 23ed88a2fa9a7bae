//! A static host for the built page, which remembers what it was asked for and can hand out
//! damaged files. It also stands in for every other host: the browser takes it for its proxy.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What is wrong with a file as it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One bit in its middle is flipped.
    Damaged,
    /// The second half is not there.
    Truncated,
    Missing,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Hit {
    pub what: String,
    pub status: StatusCode,
    /// Meant for another host.
    pub foreign: bool,
}

#[derive(Debug)]
struct Shelf {
    dist: PathBuf,
    hits: Mutex<Vec<Hit>>,
    faults: Mutex<Vec<(String, Fault)>>,
    isolated: AtomicBool,
}

/// The running server. It ends with the test's runtime.
#[derive(Clone, Debug)]
pub struct Site {
    shelf: Arc<Shelf>,
    port: u16,
}

/// The page does not stand at the root of the host, so that only relative addresses work.
const FOLDER: &str = "/some/folder/";

const ISOLATION: [(&str, &str); 2] = [("cross-origin-opener-policy", "same-origin"), ("cross-origin-embedder-policy", "require-corp")];

impl Site {
    /// Serves the built page on a free port of this machine.
    pub async fn open() -> Self {
        let dist = std::env::var_os("KERNELSCOPE_DIST").map(PathBuf::from).unwrap_or_else(|| {
            panic!("KERNELSCOPE_DIST is not set: it must name the folder with the built page (`cargo xtask build` makes `dist`)")
        });
        assert!(dist.join("index.html").is_file(), "KERNELSCOPE_DIST is {}, but there is no index.html in it", dist.display());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shelf = Arc::new(Shelf { dist, hits: Mutex::default(), faults: Mutex::default(), isolated: AtomicBool::default() });
        let served = Arc::clone(&shelf);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shelf = Arc::clone(&served);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(Arc::clone(&shelf), port, request));
                    // A browser that hangs up in the midst of an answer is no failure.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { shelf, port }
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{FOLDER}", self.port)
    }

    /// Where the browser sends what is meant for other hosts.
    pub fn proxy(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on hands out files whose name ends so with this fault.
    pub fn spoil(&self, ending: &str, fault: Fault) {
        self.shelf.faults.lock().unwrap().push((ending.to_owned(), fault));
    }

    /// From now on hands out every file as it is.
    pub fn mend(&self) {
        self.shelf.faults.lock().unwrap().clear();
    }

    /// From now on sends the headers for which a browser lets workers share memory.
    pub fn isolate(&self) {
        self.shelf.isolated.store(true, Ordering::Relaxed);
    }

    pub fn hits(&self) -> Vec<Hit> {
        self.shelf.hits.lock().unwrap().clone()
    }
}

async fn answer(shelf: Arc<Shelf>, port: u16, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let uri = request.uri();
    let home = format!("127.0.0.1:{port}");
    // A browser names the host in the request line only when it speaks to a proxy.
    let foreign = uri.authority().is_some_and(|a| a.as_str() != home);
    let (status, kind, body) = if foreign {
        (StatusCode::FORBIDDEN, None, Vec::new())
    } else if request.method() != Method::GET && request.method() != Method::HEAD {
        (StatusCode::METHOD_NOT_ALLOWED, None, Vec::new())
    } else {
        shelf.file(uri.path()).await
    };
    let what = format!("{} {uri}", request.method());
    shelf.hits.lock().unwrap().push(Hit { what, status, foreign });
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if shelf.isolated.load(Ordering::Relaxed) {
        for (name, value) in ISOLATION {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(&kind).unwrap());
    }
    Ok(response)
}

impl Shelf {
    async fn file(&self, path: &str) -> (StatusCode, Option<String>, Vec<u8>) {
        let missing = (StatusCode::NOT_FOUND, None, Vec::new());
        let Some(inside) = path.strip_prefix(FOLDER) else { return missing };
        let name = if inside.is_empty() { "index.html" } else { inside };
        if name.split('/').any(|part| part == "..") {
            return missing;
        }
        let fault = self.faults.lock().unwrap().iter().find(|(ending, _)| name.ends_with(ending.as_str())).map(|(_, fault)| *fault);
        let Ok(mut bytes) = tokio::fs::read(self.dist.join(name)).await else { return missing };
        match fault {
            None => {}
            Some(Fault::Damaged) => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x10;
            }
            Some(Fault::Truncated) => bytes.truncate(bytes.len() / 2),
            Some(Fault::Missing) => return missing,
        }
        let kind = mime_guess::from_path(Path::new(name)).first_or_octet_stream().to_string();
        (StatusCode::OK, Some(kind), bytes)
    }
}
