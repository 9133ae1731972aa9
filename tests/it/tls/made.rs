//! Certificates as operators make them: by the commands of PostgreSQL's manual (section "Creating Certificates"), and by others.

use std::path::Path;
use std::process::Command;

/// What the manual's commands need beside them: the section that makes an authority, as /etc/ssl/openssl.cnf has it.
const CONFIG: &str = "\
[req]
distinguished_name = dn
x509_extensions = v3_ca
[dn]
[v3_ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical,CA:true
[ca]
default_ca = dates
[dates]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[ca_without_path]
basicConstraints = critical,CA:true,pathlen:0
[ca_that_signs_none]
basicConstraints = critical,CA:true
keyUsage = critical,digitalSignature
[ca_for_clients]
basicConstraints = critical,CA:true
extendedKeyUsage = clientAuth
[odd_ca]
basicConstraints = critical,CA:true
1.2.3.4 = critical,ASN1:NULL
[ca_with_path]
basicConstraints = critical,CA:true,pathlen:1
keyUsage = critical,keyCertSign
[ca_of_names]
basicConstraints = critical,CA:true
nameConstraints = critical,permitted;DNS:example.com
[no_ca]
basicConstraints = critical,CA:false
[named]
subjectAltName = DNS:db.example.com
[named_elsewhere]
subjectAltName = DNS:elsewhere.example.com
[wildcard]
subjectAltName = DNS:*.example.com
[address]
subjectAltName = IP:127.0.0.1
[address_as_name]
subjectAltName = DNS:127.0.0.1
[for_clients]
extendedKeyUsage = clientAuth
subjectAltName = DNS:db.example.com
[odd]
1.2.3.4 = critical,ASN1:NULL
subjectAltName = DNS:db.example.com
";

/// A certificate that a server shows, and what a client trusts.
pub(super) struct Made {
    /// Its folder, with server.crt, server.key and root.crt.
    pub(super) name: &'static str,
    commands: &'static str,
}

/// A root as the manual makes it; `$1` names the section of its extensions.
const AUTHORITY: &str = r#"
dated() { : > index.txt; openssl ca -batch -notext -config openssl.cnf -startdate $1 -enddate $2 -in $3.csr -out $3.crt -extensions $4 $5; }
authority() {
    openssl req -new -nodes -text -out $1.csr -keyout $1.key -subj "/CN=$1.yourdomain.com"
    openssl x509 -req -in $1.csr -text -days 3650 -extfile openssl.cnf -extensions ${2:-v3_ca} -signkey $1.key -out $1.crt
}
intermediate() {
    openssl req -new -nodes -out intermediate.csr -keyout intermediate.key -subj /CN=intermediate.yourdomain.com
    openssl x509 -req -in intermediate.csr -days 9 -extfile openssl.cnf -extensions ${1:-v3_ca} -CA root.crt -CAkey root.key \
        -CAcreateserial -out intermediate.crt
}
request() { openssl req -new -nodes -text -out server.csr -keyout server.key -subj "$1" ${2:-}; }
sign() { openssl x509 -req -in server.csr -text -days 365 -CA ${1:-root}.crt -CAkey ${1:-root}.key -CAcreateserial -out server.crt ${2:-}; }
"#;

/// Each with the host name db.example.com unless its name says otherwise.
pub(super) const ALL: [Made; 38] = [
    Made {
        name: "the manual's self-signed",
        commands: r#"openssl req -new -x509 -days 365 -nodes -text -out server.crt -keyout server.key -subj "/CN=db.example.com"
            cp server.crt root.crt"#,
    },
    Made { name: "the manual's root and server", commands: r#"authority root; request /CN=db.example.com; sign"# },
    Made {
        name: "the manual's intermediate",
        commands: r#"authority root
            openssl req -new -nodes -text -out intermediate.csr -keyout intermediate.key -subj "/CN=intermediate.yourdomain.com"
            openssl x509 -req -in intermediate.csr -text -days 1825 -extfile openssl.cnf -extensions v3_ca \
                -CA root.crt -CAkey root.key -CAcreateserial -out intermediate.crt
            request /CN=db.example.com; sign intermediate; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "self-signed and another is trusted",
        commands: r#"openssl req -new -x509 -days 365 -nodes -out server.crt -keyout server.key -subj "/CN=db.example.com"
            openssl req -new -x509 -days 365 -nodes -out root.crt -keyout root.key -subj "/CN=db.example.com""#,
    },
    Made {
        name: "self-signed and no authority's",
        commands: r#"openssl req -new -x509 -days 365 -nodes -out server.crt -keyout server.key -subj "/CN=db.example.com" \
                -config openssl.cnf -extensions no_ca; cp server.crt root.crt"#,
    },
    Made {
        name: "an authority of the same name",
        commands: r#"authority root; mv root.crt true.crt; authority root; request /CN=db.example.com; sign; mv true.crt root.crt"#,
    },
    Made {
        name: "signed by a server of the authority",
        commands: r#"authority root; request /CN=eve.example.com; sign; mv server.crt eve.crt; mv server.key eve.key
            request /CN=db.example.com; sign eve; cat eve.crt >> server.crt"#,
    },
    Made {
        name: "signed by a server that says it is none",
        commands: r#"authority root; request /CN=eve.example.com; sign root "-extfile openssl.cnf -extensions no_ca"
            mv server.crt eve.crt; mv server.key eve.key; request /CN=db.example.com; sign eve; cat eve.crt >> server.crt"#,
    },
    Made {
        name: "one authority too many",
        commands: r#"authority root ca_without_path
            openssl req -new -nodes -out intermediate.csr -keyout intermediate.key -subj /CN=intermediate.yourdomain.com
            openssl x509 -req -in intermediate.csr -days 9 -extfile openssl.cnf -extensions v3_ca -CA root.crt -CAkey root.key \
                -CAcreateserial -out intermediate.crt
            request /CN=db.example.com; sign intermediate; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "a trusted one that is no authority's",
        commands: r#"authority root no_ca; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "alternative name",
        commands: r#"authority root; request /CN=ignored; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "alternative name of another host",
        commands: r#"authority root; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions named_elsewhere""#,
    },
    Made {
        name: "alternative wildcard",
        commands: r#"authority root; request /CN=ignored; sign root "-extfile openssl.cnf -extensions wildcard""#,
    },
    Made { name: "wildcard as common name", commands: r#"authority root; request "/CN=*.example.com"; sign"# },
    Made { name: "another common name", commands: r#"authority root; request /CN=elsewhere.example.com; sign"# },
    Made { name: "address as common name", commands: r#"authority root; request /CN=127.0.0.1; sign"# },
    Made {
        name: "alternative address",
        commands: r#"authority root; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions address""#,
    },
    Made {
        name: "address as alternative name",
        commands: r#"authority root; request /CN=ignored; sign root "-extfile openssl.cnf -extensions address_as_name""#,
    },
    Made {
        name: "an authority's as the server's",
        commands: r#"authority root; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions v3_ca""#,
    },
    Made {
        name: "for clients",
        commands: r#"authority root; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions for_clients""#,
    },
    Made {
        name: "a critical extension that nobody knows",
        commands: r#"authority root; request /CN=db.example.com; sign root "-extfile openssl.cnf -extensions odd""#,
    },
    Made {
        name: "self-signed with SHA-1",
        commands: r#"openssl req -new -x509 -sha1 -days 9 -nodes -out server.crt -keyout server.key -subj "/CN=db.example.com"
            cp server.crt root.crt"#,
    },
    Made {
        name: "P-384",
        commands: r#"authority root; request /CN=db.example.com "-newkey ec -pkeyopt ec_paramgen_curve:P-384"; sign"#,
    },
    Made {
        name: "Ed25519",
        commands: r#"authority root; request /CN=db.example.com "-newkey ed25519"; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "an authority that limits names",
        commands: r#"authority root ca_of_names; request /CN=db.example.com; sign"#,
    },
    Made {
        name: "expired",
        commands: r#"authority root; request /CN=ignored
            dated 20200101000000Z 20210101000000Z server named "-cert root.crt -keyfile root.key""#,
    },
    Made {
        name: "not valid yet",
        commands: r#"authority root; request /CN=ignored
            dated 20900101000000Z 20910101000000Z server named "-cert root.crt -keyfile root.key""#,
    },
    Made {
        name: "expired and self-signed",
        commands: r#"openssl req -new -nodes -out server.csr -keyout server.key -subj /CN=db.example.com
            dated 20200101000000Z 20210101000000Z server v3_ca "-selfsign -keyfile server.key"; cp server.crt root.crt"#,
    },
    Made {
        name: "an expired authority",
        commands: r#"authority root; dated 20200101000000Z 20210101000000Z root v3_ca "-selfsign -keyfile root.key"
            request /CN=ignored; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "an expired authority, the manual's server",
        commands: r#"authority root; dated 20200101000000Z 20210101000000Z root v3_ca "-selfsign -keyfile root.key"
            request /CN=db.example.com; sign"#,
    },
    Made {
        name: "a renewed authority beside the expired one, the manual's server",
        commands: r#"authority root; cp root.crt renewed.crt
            dated 20200101000000Z 20210101000000Z root v3_ca "-selfsign -keyfile root.key"
            request /CN=db.example.com; sign; cat renewed.crt >> root.crt"#,
    },
    Made {
        name: "an expired intermediate",
        commands: r#"authority root
            openssl req -new -nodes -out intermediate.csr -keyout intermediate.key -subj /CN=intermediate.yourdomain.com
            dated 20200101000000Z 20210101000000Z intermediate v3_ca "-cert root.crt -keyfile root.key"
            request /CN=db.example.com; sign intermediate; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "one authority too many, and an alternative name",
        commands: r#"authority root ca_without_path; intermediate; request /CN=ignored
            sign intermediate "-extfile openssl.cnf -extensions named"; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "an intermediate that may sign none",
        commands: r#"authority root; intermediate ca_that_signs_none; request /CN=ignored
            sign intermediate "-extfile openssl.cnf -extensions named"; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "an authority for clients",
        commands: r#"authority root ca_for_clients; request /CN=ignored; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "an authority with a critical extension that nobody knows",
        commands: r#"authority root odd_ca; request /CN=ignored; sign root "-extfile openssl.cnf -extensions named""#,
    },
    Made {
        name: "as many authorities as are allowed",
        commands: r#"authority root ca_with_path; intermediate; request /CN=ignored
            sign intermediate "-extfile openssl.cnf -extensions named"; cat intermediate.crt >> server.crt"#,
    },
    Made {
        name: "trusted by its server alone",
        commands: r#"authority root; request /CN=db.example.com; sign; cp server.crt root.crt"#,
    },
];

/// That of our own documentation, as it stands there.
pub(super) fn recipe() -> Made {
    let page = include_str!("../../../docs/database-tls.md");
    let commands = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("commands");
    Made { name: "the recipe of docs/database-tls.md", commands }
}

impl Made {
    /// Makes its files in `dir`.
    pub(super) fn make(&self, dir: &Path) {
        std::fs::write(dir.join("openssl.cnf"), CONFIG).expect("a file");
        let mut shell = Command::new("sh");
        let commands = format!("set -e\n{AUTHORITY}\n{}", self.commands);
        shell.args(["-c", &commands]).current_dir(dir).env_remove("OPENSSL_CONF");
        let output = shell.output().expect("a shell");
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
    }
}
