//! Which servers and addresses are trusted.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use hyper_util::client::proxy::matcher::Matcher;

use super::addresses::Addresses;

/// Which certificates to trust and which addresses to connect to. Shared by all [`Outbound`]s:
/// the root certificates take 20 kB.
///
/// [`Outbound`]: super::Outbound
#[derive(Clone, Debug)]
pub struct Policy {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    pub(super) addresses: Addresses,
    pub(super) proxies: Arc<Matcher>,
}

impl Policy {
    /// Trusts Mozilla's root certificates, and those in `ca_pem` (for stand-ins in tests, and
    /// for proxies).
    ///
    /// # Errors
    ///
    /// `ca_pem` holds no certificate, or an invalid one.
    pub fn new(ca_pem: Option<&str>, addresses: Addresses) -> anyhow::Result<Self> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
        Self::trusting(roots, ca_pem, addresses)
    }

    /// Like [`new`](Self::new), and as the environment of the process says: trusts the certificates in
    /// the file `SSL_CERT_FILE` too, and goes through the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and
    /// `ALL_PROXY`, except to `NO_PROXY` and to this machine.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new), or the file cannot be read or holds no certificate.
    pub fn from_environment(ca_pem: Option<&str>, addresses: Addresses) -> anyhow::Result<Self> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
        if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
            let file = Path::new(&file);
            let pem = std::fs::read(file)
                .with_context(|| format!("SSL_CERT_FILE: cannot read {}", file.display()))?;
            // A system's file may have some that are too old for rustls.
            let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
            let (added, _) = roots.add_parsable_certificates(certificates);
            ensure!(
                added > 0,
                "SSL_CERT_FILE: there is no certificate in {}",
                file.display()
            );
        }
        Ok(Self::trusting(roots, ca_pem, addresses)?.through(Matcher::from_env()))
    }

    /// The same for these addresses.
    #[must_use]
    pub fn at(self, addresses: Addresses) -> Self {
        Self { addresses, ..self }
    }

    /// The same through these proxies.
    pub(super) fn through(self, proxies: Matcher) -> Self {
        Self {
            proxies: Arc::new(proxies),
            ..self
        }
    }

    fn trusting(
        mut roots: RootCertStore,
        ca_pem: Option<&str>,
        addresses: Addresses,
    ) -> anyhow::Result<Self> {
        if let Some(pem) = ca_pem {
            let before = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.context("cannot read the extra root certificate")?)?;
            }
            ensure!(
                roots.len() > before,
                "there is no certificate in the extra root certificates"
            );
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                .build()?;
        Ok(Self {
            provider,
            verifier,
            addresses,
            proxies: Arc::new(Matcher::builder().build()),
        })
    }

    /// TLS of a client that trusts these certificates.
    ///
    /// # Errors
    ///
    /// The cryptography has no safe version of TLS, which does not happen.
    pub fn client_config(&self) -> anyhow::Result<ClientConfig> {
        Ok(
            ClientConfig::builder_with_provider(Arc::clone(&self.provider))
                .with_safe_default_protocol_versions()?
                .with_webpki_verifier(Arc::clone(&self.verifier))
                .with_no_client_auth(),
        )
    }
}
