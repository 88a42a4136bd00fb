//! Which servers and addresses are trusted.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

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
}

impl Policy {
    /// Trusts Mozilla's root certificates, and those in `ca_pem` (for stand-ins in tests, and
    /// for proxies).
    ///
    /// # Errors
    ///
    /// `ca_pem` holds no certificate, or an invalid one.
    pub fn new(ca_pem: Option<&str>, addresses: Addresses) -> anyhow::Result<Self> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
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
