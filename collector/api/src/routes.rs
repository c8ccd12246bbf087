//! Which path is answered by what, and who may ask.

use crate::error::ApiError;
use crate::limits::ApiSettings;
use crate::logs_export::Exports;
use crate::logs_tail::Tails;
use crate::query_pool::QueryPool;
use crate::{
    backup, ingest_page, logs_context, logs_delete, logs_export, logs_field_values, logs_fields, logs_histogram,
    logs_patterns, logs_query, logs_search, logs_tail, openapi, start_page,
};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use basics::{Clock, ErrorClass, MemoryBudget, TenantName};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use ingest::{DataBackup, LogIngest};
use log_store::{LogStore, RetentionSettings};
use service::telemetry::AUDIT_TARGET;
use service::{BoxError, Caller, ResponseBody, Scope, Shutdown};
use std::net::SocketAddr;
use std::sync::Arc;
use tower_service::Service;

/// What the routes stand on.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) store: Arc<LogStore>,
    pub(crate) ingest: Arc<LogIngest>,
    pub(crate) pool: Arc<QueryPool>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) backup: Option<Arc<DataBackup>>,
    pub(crate) retention: Option<RetentionSettings>,
    pub(crate) tails: Arc<Tails>,
    pub(crate) exports: Arc<Exports>,
    stop: Shutdown,
}

impl ApiState {
    /// Connects the store that is asked and the ingest whose ledger is shown.
    pub fn new(
        store: Arc<LogStore>,
        ingest: Arc<LogIngest>,
        clock: Arc<dyn Clock>,
        budget: &MemoryBudget,
        settings: ApiSettings,
    ) -> ApiState {
        let pool = Arc::new(QueryPool::new(clock.clone(), budget, settings));
        let stop = Shutdown::new();
        let tails = Arc::new(Tails::new(stop.clone()));
        let exports = Arc::new(Exports::new(stop.clone()));
        ApiState { store, ingest, pool, clock, backup: None, retention: None, tails, exports, stop }
    }

    /// The same, able to tell how long the room lasts.
    #[must_use]
    pub fn with_retention(self, retention: RetentionSettings) -> ApiState {
        ApiState { retention: Some(retention), ..self }
    }

    /// The same, able to make backups.
    #[must_use]
    pub fn with_backup(self, backup: Arc<DataBackup>) -> ApiState {
        ApiState { backup: Some(backup), ..self }
    }
}

/// The native API. Clones share everything.
#[derive(Clone)]
pub struct Api {
    router: Router,
    stop: Shutdown,
}

impl Api {
    /// The API over these rooms.
    pub fn new(state: ApiState) -> Api {
        Api { stop: state.stop.clone(), router: routes(state) }
    }

    /// Ends the answers that go on for as long as their readers like, and takes no more of them: the first step of a stop.
    pub fn end_streams(&self) {
        self.stop.request();
    }

    /// Answers one request; never fails, since every failure has an answer.
    ///
    /// The request carries a [`Caller`] in its extensions, put there by the process kit.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let request = request.map(axum::body::Body::new);
        // A router is a service that is always ready; its clone is a few counters.
        let answer = self.router.clone().call(request).await.unwrap_or_else(|never| match never {});
        answer.map(|body| body.map_err(BoxError::from).boxed_unsync())
    }
}

/// All routes of the native API.
fn routes(state: ApiState) -> Router {
    Router::new()
        .route("/", get(start_page::show))
        .route("/api/v1/logs/search", get(logs_search::by_get).post(logs_search::by_post))
        .route("/api/v1/logs/query", get(logs_query::by_get).post(logs_query::by_post))
        .route("/api/v1/logs/histogram", get(logs_histogram::by_get))
        .route("/api/v1/logs/delete", post(logs_delete::by_post))
        .route("/api/v1/logs/fields", get(logs_fields::by_get))
        .route("/api/v1/logs/field-values", get(logs_field_values::by_get))
        .route("/api/v1/logs/patterns", get(logs_patterns::by_get))
        .route("/api/v1/logs/context", get(logs_context::by_get))
        .route("/api/v1/logs/tail", get(logs_tail::by_get))
        .route("/api/v1/logs/export", get(logs_export::by_get))
        .route("/api/v1/ingest", get(ingest_page::show))
        .route("/api/v1/backup", post(backup::by_post))
        .route("/api/v1/openapi.json", get(openapi::show))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
}

async fn not_found() -> ApiError {
    ApiError::new(ErrorClass::NotFound, "there is no such page; /api/v1/openapi.json lists what there is")
}

async fn wrong_method() -> ApiError {
    ApiError::new(ErrorClass::Invalid, "this page does not take that method; /api/v1/openapi.json says which")
}

/// Who asks. A request that carries no caller gets nowhere.
pub(crate) struct Access(Caller);

impl Access {
    pub(crate) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        self.0.require(scope).map_err(|refusal| ApiError::new(refusal.class(), refusal.to_string()))
    }

    pub(crate) fn allows(&self, scope: Scope) -> bool {
        self.0.scopes.has(scope)
    }

    /// Whether the credential permits it still, now that an answer has gone on for a while.
    pub(crate) fn may_still(&self, scope: Scope) -> bool {
        self.0.may_still(scope)
    }

    /// Passes when the credential permits it still, now that the request has been read.
    pub(crate) fn require_still(&self, scope: Scope) -> Result<(), ApiError> {
        if self.may_still(scope) {
            return Ok(());
        }
        Err(ApiError::new(ErrorClass::Forbidden, "the credential no longer permits this"))
    }

    /// Tells the operator that an answer was ended because its token went.
    pub(crate) fn tell_revoked(&self, answer: &'static str) {
        let Caller { tenant, name, peer, .. } = &self.0;
        tracing::info!(target: AUDIT_TARGET, answer, caller = &**name, %tenant, %peer, "ended: the token no longer permits it");
    }

    pub(crate) fn tenant(&self) -> &TenantName {
        &self.0.tenant
    }

    /// The name of the credential, for logs.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the call comes from, for logs.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.0.peer
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Access, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Access).ok_or_else(|| ApiError::new(ErrorClass::Forbidden, "credentials are needed"))
    }
}
