//! The three ports: bound first, so that a taken one is known before any file is touched, and served last.

use crate::access;
use crate::apps::{OtlpApp, WebApp};
use crate::config::{CollectorConfig, OTLP_GRPC_KEY, OTLP_HTTP_KEY, WEB_KEY};
use crate::metrics::RequestMetrics;
use crate::surroundings::Surroundings;
use service::config::ListenAddress;
use service::{BindError, BindRequest, Front, Listener, Server, Shutdown, Tasks, bind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The key in messages about the listener that no key sets.
const OWN_KEY: &str = "tls";

/// Where the collector listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// OTLP where senders expect gRPC.
    pub otlp_grpc: SocketAddr,
    /// OTLP where senders expect HTTP.
    pub otlp_http: SocketAddr,
    /// Search, ledger, metrics, health.
    pub web: SocketAddr,
}

/// The ports, bound and not served yet: whoever connects waits in the kernel.
pub(crate) struct Bound {
    otlp_grpc: Listener,
    otlp_http: Listener,
    web: Listener,
    /// Beside a port with TLS: the process cannot know by which name its own certificate goes, nor has it one to show.
    own: Option<Listener>,
}

/// The ports, served.
pub(crate) struct Listeners {
    otlp: Group,
    web: Group,
}

/// Listeners that stop together.
struct Group {
    tasks: Tasks,
    shutdown: Shutdown,
}

/// The faces behind the ports.
pub(crate) struct Faces {
    pub(crate) otlp: receivers::OtlpFace,
    pub(crate) web: WebApp,
}

impl Bound {
    pub(crate) fn bind(config: &CollectorConfig, surroundings: &Surroundings) -> Result<Bound, BindError> {
        let tls = &surroundings.tls;
        let one = |key, address| {
            let has_credentials = surroundings.auth.is_configured();
            bind(BindRequest { key, address, has_credentials, tls: tls.clone() })
        };
        let otlp_grpc = one(OTLP_GRPC_KEY, &config.otlp.grpc.listen)?;
        let otlp_http = one(OTLP_HTTP_KEY, &config.otlp.http.listen)?;
        let web = one(WEB_KEY, &config.http.listen)?;
        let own = match tls {
            None => None,
            Some(_) => {
                let address = ListenAddress::new("127.0.0.1", 0);
                let request = BindRequest { key: OWN_KEY, address: &address, has_credentials: true, tls: None };
                Some(bind(request)?)
            }
        };
        Ok(Bound { otlp_grpc, otlp_http, web, own })
    }

    pub(crate) fn addresses(&self) -> Addresses {
        Addresses { otlp_grpc: self.otlp_grpc.address(), otlp_http: self.otlp_http.address(), web: self.web.address() }
    }

    /// Where this process can send OTLP to itself, without TLS.
    pub(crate) fn own_endpoint(&self) -> String {
        let address = self.own.as_ref().map_or(self.otlp_grpc.address(), Listener::address);
        format!("http://{}", reachable(address))
    }

    /// Begins to answer.
    pub(crate) fn serve(self, faces: Faces, server: &Arc<Server>, surroundings: &Surroundings) -> Listeners {
        let listeners = Listeners { otlp: Group::new(), web: Group::new() };
        let front = |table| Front::new(surroundings.guard.clone(), surroundings.auth.clone(), table);
        let otlp_front = Arc::new(front(Arc::new(access::otlp)).refusing_with(Arc::new(receivers::refuse)));
        let web_front = Arc::new(front(Arc::new(access::web)).refusing_with(Arc::new(access::refuse_on_web)));
        let otlp = |listener, name, task| {
            let app = OtlpApp { face: faces.otlp.clone(), metrics: RequestMetrics::new(&surroundings.registry, name) };
            let shutdown = listeners.otlp.shutdown.clone();
            let serving = service::serve(listener, server.clone(), otlp_front.clone(), app, shutdown);
            listeners.otlp.tasks.spawn(task, serving);
        };
        otlp(self.otlp_grpc, "otlp_grpc", "listener of OTLP gRPC");
        otlp(self.otlp_http, "otlp_http", "listener of OTLP HTTP");
        if let Some(own) = self.own {
            otlp(own, "otlp_grpc", "listener of own telemetry");
        }
        let shutdown = listeners.web.shutdown.clone();
        let serving = service::serve(self.web, server.clone(), web_front, faces.web, shutdown);
        listeners.web.tasks.spawn("listener of the API", serving);
        listeners
    }
}

impl Listeners {
    /// Takes no more telemetry and lets running requests end.
    pub(crate) async fn stop_otlp(&self, within: Duration) -> Vec<&'static str> {
        self.otlp.stop(within).await
    }

    /// Answers no more questions.
    pub(crate) async fn stop_web(&self, within: Duration) -> Vec<&'static str> {
        self.web.stop(within).await
    }
}

impl Group {
    fn new() -> Group {
        Group { tasks: Tasks::new(), shutdown: Shutdown::new() }
    }

    async fn stop(&self, within: Duration) -> Vec<&'static str> {
        self.shutdown.request();
        self.tasks.join(within).await
    }
}

/// An address that a program on this machine can connect to: a listener on all addresses is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}
