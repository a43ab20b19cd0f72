//! What TLS connections are made with: certificates, keys, who is trusted, versions and ciphers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use crate::base::options::{ClientAuth, Options};

/// What a listener's connections are made with.
#[derive(Clone)]
pub struct ServerTls(pub(super) Arc<ServerConfig>);

/// What a listener's connections are made with now: it may be changed while it listens.
#[derive(Debug)]
pub struct Acceptor(RwLock<ServerTls>);

impl Acceptor {
    pub fn new(config: ServerTls) -> Self {
        Self(RwLock::new(config))
    }

    pub fn current(&self) -> ServerTls {
        self.0.read().clone()
    }

    /// Takes another configuration for connections that come from now on.
    pub fn change(&self, config: ServerTls) {
        *self.0.write() = config;
    }
}

/// What connections to other servers are made with.
#[derive(Clone)]
pub struct ClientTls(pub(super) Arc<ClientConfig>);

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls")
    }
}

/// The names of files, and what they say is to be done; empty for none. A client needs no certificate of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    pub certificate: String,
    pub key: String,
    /// Who is trusted to say who a peer is. Where neither is given a client trusts whom the system trusts.
    pub authorities: String,
    pub authorities_directory: String,
}

impl ServerTls {
    /// Reads the files that the options name.
    ///
    /// # Errors
    /// Which file or option is wrong, and how.
    pub fn new(options: &Options) -> Result<Self, String> {
        let trust = Trust {
            certificate: options.tls_cert_file.clone(),
            key: options.tls_key_file.clone(),
            authorities: options.tls_ca_cert_file.clone(),
            authorities_directory: options.tls_ca_cert_dir.clone(),
        };
        let provider = provider(options)?;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions(&options.tls_protocols)?)
            .map_err(|error| format!("tls-protocols and ciphers: {error}"))?;
        let builder = match options.tls_auth_clients {
            ClientAuth::No => builder.with_no_client_auth(),
            wanted => {
                let roots = trust.roots()?.ok_or(
                    "tls-ca-cert-file or tls-ca-cert-dir must be given where tls-auth-clients asks for certificates",
                )?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = match wanted {
                    ClientAuth::Optional => verifier.allow_unauthenticated(),
                    _ => verifier,
                };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| error.to_string())?)
            }
        };
        let (chain, key) = trust.identity()?.ok_or("tls-cert-file and tls-key-file must be given")?;
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| format!("{} and {}: {error}", trust.certificate, trust.key))?;
        config.ignore_client_order = options.tls_prefer_server_ciphers;
        config.session_storage = match options.tls_session_caching {
            true => ServerSessionMemoryCache::new(options.tls_session_cache_size as usize),
            false => Arc::new(NoServerSessionStorage {}),
        };
        Ok(Self(Arc::new(config)))
    }
}

impl ClientTls {
    /// Reads the files that `trust` names.
    ///
    /// # Errors
    /// Which file is wrong, and how.
    pub fn new(trust: &Trust) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let roots = match trust.roots()? {
            Some(roots) => roots,
            None => system_roots()?,
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| error.to_string())?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&version_list())
            .map_err(|error| error.to_string())?
            .with_webpki_verifier(verifier);
        let config = match trust.identity()? {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("{} and {}: {error}", trust.certificate, trust.key))?,
            None => builder.with_no_client_auth(),
        };
        Ok(Self(Arc::new(config)))
    }
}

impl Trust {
    /// What the options of a server say about its links to others.
    pub fn of_links(options: &Options) -> Self {
        let or = |name: &String, other: &String| if name.is_empty() { other.clone() } else { name.clone() };
        Self {
            certificate: or(&options.tls_client_cert_file, &options.tls_cert_file),
            key: or(&options.tls_client_key_file, &options.tls_key_file),
            authorities: options.tls_ca_cert_file.clone(),
            authorities_directory: options.tls_ca_cert_dir.clone(),
        }
    }

    /// The certificates and the key; `None` where neither is given.
    fn identity(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, String> {
        if self.certificate.is_empty() && self.key.is_empty() {
            return Ok(None);
        }
        let chain = certificates(Path::new(&self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| format!("{}: no private key that can be read: {error}", self.key))?;
        Ok(Some((chain, key)))
    }

    /// Who is trusted; `None` where nobody is named.
    fn roots(&self) -> Result<Option<RootCertStore>, String> {
        if self.authorities.is_empty() && self.authorities_directory.is_empty() {
            return Ok(None);
        }
        let mut roots = RootCertStore::empty();
        if !self.authorities.is_empty() {
            let path = Path::new(&self.authorities);
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        if !self.authorities_directory.is_empty() {
            let unreadable = |error| format!("{}: {error}", self.authorities_directory);
            for entry in std::fs::read_dir(&self.authorities_directory).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                // Such directories hold other files too.
                if let Ok(found) = certificates(&path) {
                    roots.add_parsable_certificates(found);
                }
            }
        }
        if roots.is_empty() {
            return Err(format!("{}: no certificates", self.authorities_directory));
        }
        Ok(Some(roots))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |error| format!("{}: no certificates that can be read: {error}", path.display());
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable)?;
    if found.is_empty() { Err(format!("{}: no certificates", path.display())) } else { Ok(found) }
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this system trusts no certificates: name a file of some".into());
    }
    Ok(roots)
}

fn version_list() -> Vec<&'static SupportedProtocolVersion> {
    vec![&version::TLS13, &version::TLS12]
}

/// The versions that `tls-protocols` names, all that there are where it names none.
fn versions(names: &str) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let version = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tlsv1.2" => Ok(&version::TLS12),
        "tlsv1.3" => Ok(&version::TLS13),
        _ => Err(format!("tls-protocols: '{name}' is not one of TLSv1.2 and TLSv1.3")),
    };
    let named = names.split_ascii_whitespace().map(version).collect::<Result<Vec<_>, _>>()?;
    Ok(if named.is_empty() { version_list() } else { named })
}

/// The ciphers of TLS 1.2 under the names that OpenSSL gives them.
const OPENSSL_NAMES: [(&str, &str); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

/// The cryptography with the ciphers that the options choose: of TLS 1.2 by `tls-ciphers`, of 1.3 by `tls-ciphersuites`.
fn provider(options: &Options) -> Result<Arc<CryptoProvider>, String> {
    let mut provider = ring::default_provider();
    let chosen = |list: &str| -> Vec<String> {
        list.split([':', ',', ' ']).filter(|name| !name.is_empty()).map(str::to_ascii_uppercase).collect()
    };
    let (old, new) = (chosen(&options.tls_ciphers), chosen(&options.tls_ciphersuites));
    provider.cipher_suites.retain(|suite| {
        let name = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
        let is_new = suite.version().version == rustls::ProtocolVersion::TLSv1_3;
        let list = if is_new { &new } else { &old };
        let openssl = OPENSSL_NAMES.iter().find(|(_, own)| *own == name).map_or("", |(openssl, _)| openssl);
        list.is_empty() || list.iter().any(|word| *word == name || word == openssl || word == "DEFAULT")
    });
    for (list, option, is_new) in [(&old, "tls-ciphers", false), (&new, "tls-ciphersuites", true)] {
        let is_of = |suite: &rustls::SupportedCipherSuite| {
            (suite.version().version == rustls::ProtocolVersion::TLSv1_3) == is_new
        };
        if !list.is_empty() && !provider.cipher_suites.iter().any(is_of) {
            return Err(format!("{option}: none of the ciphers is one that kevy has"));
        }
    }
    Ok(Arc::new(provider))
}
