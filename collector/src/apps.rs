//! The faces as the process kit serves them.

use crate::metrics::RequestMetrics;
use crate::readiness::Readiness;
use api::{Api, Doors};
use http::{Request, Response};
use receivers::{OtlpFace, ReplyBody};
use service::{Body, Caller, Health, Registry, ResponseBody};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tower_service::Service;

type Answer<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>;

/// OTLP, gRPC and HTTP alike.
#[derive(Clone)]
pub(crate) struct OtlpApp {
    pub(crate) face: OtlpFace,
    pub(crate) metrics: RequestMetrics,
}

impl Service<Request<Body>> for OtlpApp {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Answer<ReplyBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (face, metrics) = (self.face.clone(), self.metrics.clone());
        Box::pin(async move {
            let is_own = is_own(&request);
            let begun = Instant::now();
            let response = face.handle(request).await;
            if !is_own {
                metrics.note(response.status(), response.headers(), begun.elapsed());
            }
            Ok(response)
        })
    }
}

/// The API and the pages for operators.
#[derive(Clone)]
pub(crate) struct WebApp {
    pub(crate) api: Api,
    pub(crate) doors: Doors,
    pub(crate) health: Health,
    pub(crate) readiness: Readiness,
    pub(crate) registry: Registry,
    pub(crate) metrics: RequestMetrics,
}

impl WebApp {
    async fn answer(self, mut request: Request<Body>) -> Response<ResponseBody> {
        let page = match request.uri().path() {
            "/readyz" => Some(self.readiness.answer()),
            "/metrics" => Some(self.registry.answer()),
            path => self.health.answer(path),
        };
        match page {
            Some(page) => page,
            None => {
                request.extensions_mut().insert(self.doors);
                self.api.answer(request).await
            }
        }
    }
}

impl Service<Request<Body>> for WebApp {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Answer<ResponseBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let app = self.clone();
        Box::pin(async move {
            let begun = Instant::now();
            let metrics = app.metrics.clone();
            let response = app.answer(request).await;
            metrics.note(response.status(), response.headers(), begun.elapsed());
            Ok(response)
        })
    }
}

/// Tells whether a request brings the process's own telemetry, which is not reported on.
fn is_own(request: &Request<Body>) -> bool {
    request.extensions().get::<Caller>().is_some_and(Caller::is_own)
}
