//! [`TlsClient`]: the certificates and settings of a relay's TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::relay::Encryption;

/// How TLS is begun with a relay.
pub(super) enum TlsClient {
    /// By us, before lettre sees the stream.
    Implicit(TlsConnector, ServerName<'static>),
    /// By lettre, after STARTTLS.
    StartTls(TlsParameters),
}

impl TlsClient {
    /// Reads the certificates: the system's and those of `ca`. The error is a text about them.
    pub async fn load(host: String, encryption: Encryption, ca: Option<PathBuf>) -> Result<Self, String> {
        let load = move || {
            let own = ca.as_deref().map(certificates).transpose()?.unwrap_or_default();
            match encryption {
                Encryption::Implicit => implicit(host, own),
                _ => starttls(host, own, encryption),
            }
        };
        tokio::task::spawn_blocking(load).await.map_err(|error| error.to_string())?
    }
}

/// The certificates of a PEM file, at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("ca file {}: {error}", file.display());
    let pem = fs::read(file).map_err(|error| failed(&error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(failed(&"no certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(failed(&error)),
    }
}

fn implicit(host: String, own: Vec<CertificateDer<'static>>) -> Result<TlsClient, String> {
    let mut roots = RootCertStore::empty();
    // What the system has and rustls cannot read is of no use to anybody; the rest serves.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in own {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    Ok(TlsClient::Implicit(TlsConnector::from(Arc::new(config)), name))
}

fn starttls(
    host: String,
    own: Vec<CertificateDer<'static>>,
    encryption: Encryption,
) -> Result<TlsClient, String> {
    let mut parameters = TlsParameters::builder(host)
        // To whoever would go on in the clear, any certificate is the better choice; many a relay on localhost has
        // but the one its package made.
        .dangerous_accept_invalid_certs(encryption == Encryption::Opportunistic)
        .dangerous_accept_invalid_hostnames(encryption == Encryption::Opportunistic);
    for certificate in own {
        let certificate = Certificate::from_der(certificate.to_vec()).map_err(|error| error.to_string())?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build().map(TlsClient::StartTls).map_err(|error| error.to_string())
}
