//! The certificate for HTTPS.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{Files, Tls};

/// What TLS needs to serve with a certificate, read through `files`.
///
/// # Errors
///
/// A file can not be read or is not what it should be, or the key is not the certificate's.
pub(super) fn server_config(tls: &Tls, files: &mut Files) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = read(&tls.certificate, "certificate", files, |pem| {
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(pem).collect();
        Ok(chain?)
    })?;
    if chain.is_empty() {
        return Err(anyhow!(
            "certificate: there is no certificate in {}; a PEM file is expected, which \
             begins with -----BEGIN CERTIFICATE-----",
            tls.certificate.display()
        ));
    }
    let key = read(&tls.key, "key", files, |pem| {
        Ok(PrivateKeyDer::from_pem_slice(pem)?)
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| {
            let (certificate, key) = (tls.certificate.display(), tls.key.display());
            format!("cannot serve HTTPS with {certificate} and {key}")
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read<T>(
    path: &Path,
    key: &str,
    files: &mut Files,
    parse: impl FnOnce(&[u8]) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let pem = files
        .read(path)
        .map_err(|error| anyhow!("{key}: cannot read {}: {error}", path.display()))?;
    parse(pem).with_context(|| format!("{key}: {} is no PEM file with a {key}", path.display()))
}
