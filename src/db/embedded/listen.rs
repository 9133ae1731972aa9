use std::{
    ffi::OsString,
    net::{Ipv4Addr, TcpListener},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use super::{EmbeddedError, cluster::NAME};

/// Socket addresses hold 104 bytes on macOS and BSD, 108 on Linux, a zero at the end included.
const SOCKET_PATH_LIMIT: usize = 103;
const SOCKET_PORT: u16 = 5432;

/// Where PostgreSQL listens: on a Unix socket, or on a port of the loopback interface if the path is too long for a
/// socket.
pub(super) enum Endpoint {
    Socket(PathBuf, u16),
    Port(u16),
}

impl Endpoint {
    /// The port is free when this returns. If another process takes it before PostgreSQL does, try again.
    pub(super) fn choose(run: &Path) -> Result<Self, EmbeddedError> {
        let socket = socket(run);
        if fits(&socket) {
            return Ok(Self::Socket(run.to_path_buf(), SOCKET_PORT));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        Ok(Self::Port(listener.map_err(EmbeddedError::file("listen on 127.0.0.1, instead of", &socket))?.port()))
    }

    /// The endpoint of a running PostgreSQL whose file names this port.
    pub(super) fn running(run: &Path, port: u16) -> Self {
        if fits(&socket(run)) { Self::Socket(run.to_path_buf(), port) } else { Self::Port(port) }
    }

    pub(super) fn settings(&self) -> Vec<OsString> {
        match self {
            Self::Socket(dir, port) => {
                // This is a list of quoted names, so that a comma in the path does not split it.
                let mut dirs = b"unix_socket_directories=\"".to_vec();
                for byte in dir.as_os_str().as_bytes() {
                    dirs.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
                }
                dirs.push(b'"');
                vec!["listen_addresses=".into(), OsString::from_vec(dirs), format!("port={port}").into()]
            }
            Self::Port(port) => {
                vec![
                    "listen_addresses=127.0.0.1".into(),
                    "unix_socket_directories=".into(),
                    format!("port={port}").into(),
                ]
            }
        }
    }

    /// The socket directory is the percent-encoded host. libpq, tokio-postgres and the WHATWG parser all read that,
    /// while the last refuses an empty host with a password.
    pub(super) fn url(&self, password: &str) -> String {
        match self {
            Self::Socket(dir, port) => format!("postgres://{NAME}:{password}@{}:{port}/{NAME}", percent_encoded(dir)),
            Self::Port(port) => format!("postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}"),
        }
    }
}

fn socket(run: &Path) -> PathBuf {
    run.join(format!(".s.PGSQL.{SOCKET_PORT}"))
}

fn fits(socket: &Path) -> bool {
    socket.as_os_str().len() < SOCKET_PATH_LIMIT
}

fn percent_encoded(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_of_any_bytes_survives_the_url() {
        let dir = PathBuf::from(OsString::from_vec(b"/tmp/a b,c:@/%\"\xff".to_vec()));
        let config: tokio_postgres::Config = Endpoint::Socket(dir.clone(), SOCKET_PORT).url("00ff").parse().unwrap();
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Unix(dir.clone())]);
        assert!(url::Url::parse(&Endpoint::Socket(dir.clone(), SOCKET_PORT).url("00ff")).is_ok());
        assert_eq!(config.get_password(), Some(&b"00ff"[..]));
        assert_eq!((config.get_dbname(), config.get_ports()), (Some("portcullis"), &[5432][..]));
    }
}
