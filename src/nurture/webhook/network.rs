//! [`Network`]: how the receivers of webhooks are reached, and which are not.
//!
//! A name is resolved once, every address that comes back is checked, and the connection goes to one of these addresses,
//! not to the name: between a check and a second look a name could lead elsewhere (DNS rebinding).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::public::is_public;
use crate::mail;

/// How long one address may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Addresses that are tried.
const MOST_ADDRESSES: usize = 3;

/// How receivers are found and reached.
#[derive(Default)]
pub struct Network {
    script: Option<Script>,
    /// The system's certificates are read when they are first needed.
    tls: OnceLock<Result<TlsConnector, String>>,
}

type Resolve = Box<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;
type Reach = Box<dyn Fn(SocketAddr) -> SocketAddr + Send + Sync>;

/// A network of the test's own.
pub struct Script {
    /// What a name resolves to, whenever it is asked.
    pub resolve: Resolve,
    /// Where what is sent to an address arrives.
    pub reach: Reach,
    /// Who is trusted besides those whom the system trusts.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.script.is_some() { "Network(scripted)" } else { "Network" })
    }
}

impl Network {
    /// A network that is not the system's.
    pub fn scripted(script: Script) -> Self {
        Self { script: Some(script), tls: OnceLock::new() }
    }

    /// Connects to a host that is public, or to any with `allow_private`.
    ///
    /// # Errors
    /// Why there is no connection, in words.
    pub(super) async fn connect(
        &self,
        host: &str,
        port: u16,
        allow_private: bool,
    ) -> Result<TcpStream, String> {
        let mut trouble = format!("{host} has no address");
        for address in self.addresses(host, allow_private).await?.into_iter().take(MOST_ADDRESSES) {
            let address = SocketAddr::new(address, port);
            match tokio::time::timeout(CONNECT, self.reach(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => trouble = format!("{address}: {error}"),
                Err(_) => trouble = format!("{address} does not answer"),
            }
        }
        Err(trouble)
    }

    /// The addresses of a host, all of which may be called.
    async fn addresses(&self, host: &str, allow_private: bool) -> Result<Vec<IpAddr>, String> {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolve(host).await?,
        };
        match addresses.iter().find(|address| !allow_private && !is_public(**address)) {
            Some(address) => Err(format!("{host} leads to {address}, which is no public address")),
            None => Ok(addresses),
        }
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Some(script) = &self.script {
            return Ok((script.resolve)(host));
        }
        let found = tokio::net::lookup_host((host, 0)).await;
        let found = found.map_err(|error| format!("{host} cannot be resolved: {error}"))?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn reach(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
        let address = self.script.as_ref().map_or(address, |script| (script.reach)(address));
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The client's side of TLS.
    pub(super) fn tls(&self) -> Result<TlsConnector, String> {
        let authorities =
            || self.script.as_ref().map(|script| script.authorities.clone()).unwrap_or_default();
        self.tls.get_or_init(|| mail::connector(authorities())).clone()
    }
}
