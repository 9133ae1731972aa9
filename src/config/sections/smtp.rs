//! The address of the mail server.

use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

/// The mail server of `PORTCULLIS_SMTP_URL`.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: SmtpTls,
    /// Who signs in, and by which password. Nobody does if there is none.
    pub credentials: Option<(String, SecretString)>,
    /// The name by which we greet it. The host's own if there is none.
    pub greeting: Option<String>,
    /// The file with the certificates that are trusted. The system's are if there is none.
    pub roots: Option<PathBuf>,
}

/// Whether a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte on.
    Implicit,
    /// From the command STARTTLS on, without which nothing is sent.
    Required,
    /// If the server offers STARTTLS. Whoever is in between can take the offer away.
    Opportunistic,
    /// It is not.
    None,
}

const FORM: &str = "it is not a URL such as smtp://user:password@host:587; in user and password, all but letters and \
                    digits must be percent-encoded";

impl SmtpServer {
    /// Reads a URL. What is wrong is told without any part of it, because a password that is not percent-encoded may end
    /// up in each.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains(char::is_control) {
            return Err("it holds the end of a line, or another control character, which no URL has".to_owned());
        }
        let url = Url::parse(text).map_err(|_| FORM)?;
        let is_implicit = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err("its scheme is neither smtp nor smtps".to_owned()),
        };
        if url.fragment().is_some() || url.port() == Some(0) {
            return Err(FORM.to_owned());
        }
        let host = host(&url)?;
        let (mut tls, mut roots) = (None, None);
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("tls", "required") if tls.is_none() => tls = Some(SmtpTls::Required),
                ("tls", "opportunistic") if tls.is_none() => tls = Some(SmtpTls::Opportunistic),
                ("tls", "none") if tls.is_none() => tls = Some(SmtpTls::None),
                ("tls", _) => return Err("tls is to be required, opportunistic or none".to_owned()),
                ("sslrootcert", file) if roots.is_none() && !file.is_empty() => roots = Some(PathBuf::from(file)),
                _ => return Err("its query has something else than tls and sslrootcert, once each".to_owned()),
            }
        }
        let tls = match (is_implicit, tls) {
            (true, None | Some(SmtpTls::Required)) => SmtpTls::Implicit,
            (true, Some(_)) => return Err("with smtps, TLS is always required".to_owned()),
            (false, Some(tls)) => tls,
            (false, None) if is_loopback(&host) => SmtpTls::None,
            (false, None) => SmtpTls::Required,
        };
        if roots.is_some() && tls == SmtpTls::None {
            return Err("sslrootcert says whom to trust, and without TLS nobody is asked".to_owned());
        }
        let port = url.port().unwrap_or(if is_implicit { 465 } else { 587 });
        let (credentials, greeting) = (credentials(&url)?, greeting(&url)?);
        Ok(Self { host, port, tls, credentials, greeting, roots })
    }

    /// Host and port, for the log.
    #[must_use]
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Whether what is sent can be read on the way by others than this machine's users.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        matches!(self.tls, SmtpTls::None | SmtpTls::Opportunistic) && !is_loopback(&self.host)
    }
}

/// The host in ASCII. The library leaves the hosts of schemes that it does not know as they are.
fn host(url: &Url) -> Result<String, &'static str> {
    let written = url.host_str().unwrap_or_default();
    if let Some(address) = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Ok(address.to_owned());
    }
    let decoded = percent_decode_str(written).decode_utf8().map_err(|_| FORM)?;
    // Names of containers have underscores.
    if !decoded.is_empty() && decoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Ok(decoded.to_ascii_lowercase());
    }
    idna::domain_to_ascii_strict(&decoded).ok().filter(|host| !host.is_empty()).ok_or(FORM)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<(String, SecretString)>, &'static str> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| FORM)?;
        if text.contains(char::is_control) { Err(FORM) } else { Ok(text.into_owned()) }
    };
    match (decoded(url.username())?, decoded(url.password().unwrap_or_default())?) {
        (user, password) if user.is_empty() && password.is_empty() => Ok(None),
        (user, password) if user.is_empty() || password.is_empty() => Err("it has one of user and password"),
        (user, password) => Ok(Some((user, password.into()))),
    }
}

/// The name in the place of a path.
fn greeting(url: &Url) -> Result<Option<String>, &'static str> {
    let name = url.path().strip_prefix('/').unwrap_or_default();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    match name {
        "" => Ok(None),
        name if is_name => Ok(Some(name.to_owned())),
        _ => Err("its path is not the name of a host, by which the server would be greeted"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_url_says_where_by_whom_and_how_safely() {
        let read = |url| {
            let server = SmtpServer::parse(url).unwrap();
            (server.address(), server.tls, server.greeting.clone().unwrap_or_default(), server.is_exposed())
        };
        for (url, address, tls, greeting, is_exposed) in [
            ("smtp://mail.example.com", "mail.example.com:587", SmtpTls::Required, "", false),
            ("SMTP://Mail.Example.com:25/", "mail.example.com:25", SmtpTls::Required, "", false),
            ("smtps://mail.example.com", "mail.example.com:465", SmtpTls::Implicit, "", false),
            ("smtps://h:1?tls=required", "h:1", SmtpTls::Implicit, "", false),
            ("smtp://mail_pit:1025?tls=none", "mail_pit:1025", SmtpTls::None, "", true),
            ("smtp://h/a.example.com?tls=opportunistic", "h:587", SmtpTls::Opportunistic, "a.example.com", true),
            ("smtp://localhost:25", "localhost:25", SmtpTls::None, "", false),
            ("smtp://127.0.0.2", "127.0.0.2:587", SmtpTls::None, "", false),
            ("smtp://[::1]:2525", "[::1]:2525", SmtpTls::None, "", false),
            ("smtp://127.0.0.1?tls=required", "127.0.0.1:587", SmtpTls::Required, "", false),
            ("smtp://127.0.0.1.example.com", "127.0.0.1.example.com:587", SmtpTls::Required, "", false),
            ("smtp://[2001:db8::1]", "[2001:db8::1]:587", SmtpTls::Required, "", false),
            ("smtp://bücher.example", "xn--bcher-kva.example:587", SmtpTls::Required, "", false),
        ] {
            assert_eq!(read(url), (address.to_owned(), tls, greeting.to_owned(), is_exposed), "{url}");
        }
        let server = SmtpServer::parse("smtps://ada%40example.com:p%2Fw%23%C3%BC@h?sslrootcert=/a%20b.pem").unwrap();
        let (user, password) = server.credentials.unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("ada@example.com", "p/w#ü"));
        assert_eq!(server.roots, Some("/a b.pem".into()));
    }

    #[test]
    fn no_fault_of_a_url_tells_a_part_of_it() {
        for (url, why) in [
            ("hunter2", "not a URL"),
            ("https://h", "scheme"),
            ("smtp:hunter2", "not a URL"),
            ("smtp://", "not a URL"),
            ("smtp://user:12#hunter2@h", "not a URL"),
            ("smtp://user:hun/ter2@h", "not a URL"),
            ("smtp://user:12/hunter2@h", "path"),
            ("smtp://user:12?hunter2@h", "query"),
            ("smtp://user:hunter2@h:0", "not a URL"),
            ("smtp://user:hunter2@h:65536", "not a URL"),
            ("smtp://user@h", "one of user and password"),
            ("smtp://:hunter2@h", "one of user and password"),
            ("smtp://user:hunter2%00@h", "not a URL"),
            ("smtp://user:hunter2%FF@h", "not a URL"),
            ("smtp://user:hunter2\n@h", "end of a line"),
            ("smtp://user:hunter2@h h", "not a URL"),
            ("smtp://user:hunter2@h%0d%0aX", "not a URL"),
            ("smtp://h/a%0d%0aMAIL", "path"),
            ("smtp://h/a/b", "path"),
            ("smtp://h?tls=hunter2", "required, opportunistic or none"),
            ("smtp://h?tls=none&tls=none", "required, opportunistic or none"),
            ("smtp://h?tls=none&sslrootcert=x", "sslrootcert"),
            ("smtp://h?sslrootcert=", "query"),
            ("smtps://h?tls=none", "always required"),
            ("smtp://h#hunter2", "not a URL"),
        ] {
            let fault = SmtpServer::parse(url).expect_err(url);
            assert!(fault.contains(why) && !fault.contains("hunter2") && !fault.contains("ter2"), "{url}: {fault}");
        }
        assert!(!format!("{:?}", SmtpServer::parse("smtp://ada:hunter2@h")).contains("hunter2"));
    }
}
