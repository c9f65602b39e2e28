//! [`TlsClient`]: the certificates and settings of a relay's TLS.

use std::path::PathBuf;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;

use super::relay::Encryption;
use crate::mail::tls::{certificates, connector};

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

fn implicit(host: String, own: Vec<CertificateDer<'static>>) -> Result<TlsClient, String> {
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    Ok(TlsClient::Implicit(connector(own)?, name))
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
