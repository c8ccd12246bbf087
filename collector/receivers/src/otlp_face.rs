//! The OTLP endpoint: gRPC and HTTP, told apart by content type, on every port it is given.
//!
//! The three `Export` calls are answered on hyper's HTTP/2 by hand (see `otlp_grpc`), because a general gRPC server
//! refuses an over-long message before any code of ours runs, with a status that OTLP calls retryable.

use crate::body::{BodyError, BodyLimits, PaidBody};
use crate::limits::{STORE_LOOK_INTERVAL, STORE_WAIT};
use crate::new_tenants::NewTenants;
use crate::retry_hint::{self, RetryHints};
use crate::{health, otlp_grpc, otlp_http};
use basics::{ErrorClass, TenantId};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use ingest::{Format, IngestError, LogIngest, LogRequest, Receipt, RefuseReason, Signal, TenantDirectoryError};
use service::{Caller, Scope};
use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use wire::inflate::Coding;

/// The body of every reply: whole in memory, with trailers where gRPC wants them.
pub type ReplyBody = UnsyncBoxBody<Bytes, Infallible>;

/// Takes OTLP requests in. Cloned per connection, shared underneath.
#[derive(Clone)]
pub struct OtlpFace {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) ingest: Arc<LogIngest>,
    pub(crate) limits: BodyLimits,
    pub(crate) hints: RetryHints,
    pub(crate) new_tenants: NewTenants,
}

impl OtlpFace {
    /// A face in front of the logs' way in.
    pub fn new(ingest: Arc<LogIngest>) -> OtlpFace {
        let limits = BodyLimits { budget: ingest.budget().clone(), bytes_max: ingest.request_bytes_max() };
        let (hints, new_tenants) = (RetryHints::default(), NewTenants::new());
        OtlpFace { shared: Arc::new(Shared { ingest, limits, hints, new_tenants }) }
    }

    /// Answers one request; never fails, since every failure has an answer in its protocol.
    ///
    /// The request carries a [`Caller`] in its extensions, put there by the process kit.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<ReplyBody>
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: Display,
    {
        if !is_grpc(request.headers()) {
            return otlp_http::handle(&self.shared, request).await;
        }
        match request.uri().path() {
            health::CHECK_PATH => health::check(request).await,
            _ => otlp_grpc::handle(&self.shared, request).await,
        }
    }
}

/// Answers, in OTLP's own words, a request that the front of the server refuses.
pub fn refuse(refusal: &service::Refusal, request: &http::request::Parts) -> Response<service::ResponseBody> {
    let reply = if is_grpc(&request.headers) {
        otlp_grpc::refused_by_front(refusal)
    } else {
        otlp_http::refused_by_front(refusal, &request.headers)
    };
    reply.map(|body| body.map_err(|never: Infallible| match never {}).boxed_unsync())
}

/// What went wrong with a request, before a face puts it into its protocol's words.
#[derive(Debug)]
pub(crate) enum Refusal {
    Body(BodyError),
    Ingest(IngestError),
    /// The caller may not send telemetry.
    NotAllowed,
    /// The caller's tenant is new and got no number.
    Tenant(TenantDirectoryError),
    /// The caller's tenant is new, and others that are wait for the disk.
    NewTenantsWait,
    /// The caller's credential has brought as many new tenants as it may for now.
    TooManyNewTenants {
        wait: Duration,
    },
    /// The log's writer went away without an answer.
    NoAnswer,
}

impl Refusal {
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Refusal::Body(error) => error.class(),
            Refusal::Ingest(error) => error.class(),
            Refusal::NotAllowed => ErrorClass::Forbidden,
            Refusal::Tenant(error) => error.class(),
            Refusal::NewTenantsWait => ErrorClass::Overloaded,
            Refusal::TooManyNewTenants { .. } => ErrorClass::Quota,
            Refusal::NoAnswer => ErrorClass::Internal,
        }
    }

    /// The field that the sender has to change; empty when it is the request as a whole.
    pub(crate) fn field(&self) -> &str {
        match self {
            Refusal::Body(BodyError::Wire(error)) | Refusal::Ingest(IngestError::Wire(error)) => error.field(),
            Refusal::Body(_)
            | Refusal::Ingest(_)
            | Refusal::NotAllowed
            | Refusal::Tenant(_)
            | Refusal::NewTenantsWait
            | Refusal::TooManyNewTenants { .. }
            | Refusal::NoAnswer => "",
        }
    }

    /// When the sender should come back, in whole seconds; said only where the class is one to come back for.
    pub(crate) fn retry_seconds(&self, hints: &RetryHints) -> u64 {
        match self {
            Refusal::Ingest(IngestError::Quota(over)) => retry_hint::seconds_until(over.wait()),
            Refusal::TooManyNewTenants { wait } => retry_hint::seconds_until(*wait),
            Refusal::Body(_)
            | Refusal::Ingest(_)
            | Refusal::NotAllowed
            | Refusal::Tenant(_)
            | Refusal::NewTenantsWait
            | Refusal::NoAnswer => hints.next_seconds(),
        }
    }

    /// What the sender reads. Never a path, never another tenant's data.
    pub(crate) fn message(&self) -> String {
        match self {
            Refusal::Body(error) => error.to_string(),
            Refusal::Ingest(error) => error.to_string(),
            Refusal::NotAllowed => "the token does not allow to send telemetry (scope ingest)".to_owned(),
            Refusal::Tenant(TenantDirectoryError::Disk { .. }) => {
                "the tenant is new and its number could not be written to the disk; try again".to_owned()
            }
            Refusal::Tenant(_) => "the tenant is new and the collector has no number for it".to_owned(),
            Refusal::NewTenantsWait => "the tenant is new and others wait before it; try again".to_owned(),
            Refusal::TooManyNewTenants { .. } => {
                "this credential has brought as many new tenants within the hour as it may; try again later".to_owned()
            }
            Refusal::NoAnswer => "the request was not answered by the log; its outcome is unknown".to_owned(),
        }
    }
}

impl Shared {
    /// Who sends, and the tenant it sends for.
    pub(crate) async fn sender_of(&self, caller: Option<Caller>) -> Result<(Caller, TenantId), Refusal> {
        let caller = caller.ok_or(Refusal::NotAllowed)?;
        let tenants = self.ingest.tenants();
        if caller.require(Scope::Ingest).is_err() {
            // A tenant that never sent anything has no number, and a refusal is no reason to give it one.
            if let Some(tenant) = tenants.find(&caller.tenant) {
                self.ingest.ledger().refuse(tenant, Signal::Logs, 0, RefuseReason::Forbidden);
            }
            return Err(Refusal::NotAllowed);
        }
        let tenant = match tenants.find(&caller.tenant) {
            Some(tenant) => tenant,
            None => self.new_tenants.number_of(tenants, &caller).await?,
        };
        Ok((caller, tenant))
    }

    /// Waits while the store is behind. The body has been read and is paid for: a sender of HTTP/1.1 that is answered while
    /// it still writes sees a broken connection instead of the answer.
    async fn wait_for_store(&self, tenant: TenantId, bytes: u64) -> Result<(), Refusal> {
        if !self.ingest.is_store_behind() {
            return Ok(());
        }
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < STORE_WAIT {
            tokio::time::sleep(STORE_LOOK_INTERVAL).await;
            if !self.ingest.is_store_behind() {
                return Ok(());
            }
        }
        Err(Refusal::Ingest(self.ingest.refuse_store_busy(tenant, bytes)))
    }

    /// Hands a body in and waits until it is durable.
    pub(crate) async fn admit(
        &self,
        caller: &Caller,
        tenant: TenantId,
        format: Format,
        coding: Coding,
        body: PaidBody,
    ) -> Result<Receipt, Refusal> {
        self.wait_for_store(tenant, body.plain.len() as u64).await?;
        // The body may have taken its time, and the token may be gone since.
        if !caller.may_still(Scope::Ingest) {
            self.ingest.ledger().refuse(tenant, Signal::Logs, body.plain.len() as u64, RefuseReason::Forbidden);
            return Err(Refusal::NotAllowed);
        }
        let PaidBody { raw, plain, reservation } = body;
        let (done, answer) = tokio::sync::oneshot::channel();
        let bytes = plain.len();
        let request = LogRequest { tenant, format, coding, raw, plain, reservation };
        crate::body::off_the_loop(bytes, || {
            self.ingest.admit(request, move |verdict| {
                basics::carry_on(done.send(verdict).map_err(|_| "gone"), "the sender went away; its records stay");
            });
        });
        match answer.await {
            Ok(verdict) => verdict.map_err(Refusal::Ingest),
            Err(_) => Err(Refusal::NoAnswer),
        }
    }

    /// Counts a body that was not read to its end, with the bytes that were; what `ingest` refuses it counts itself.
    pub(crate) fn count_unread(&self, tenant: TenantId, read_bytes: u64, error: &BodyError) {
        let reason = match error {
            BodyError::TooLarge { .. } => RefuseReason::TooLarge,
            BodyError::Memory { .. } => RefuseReason::Memory,
            BodyError::Incomplete(_) => RefuseReason::Incomplete,
            BodyError::Malformed(_) => RefuseReason::Malformed,
            BodyError::Wire(error) if error.class() == ErrorClass::TooLarge => RefuseReason::TooLarge,
            BodyError::Wire(_) => RefuseReason::Malformed,
        };
        self.ingest.ledger().refuse(tenant, Signal::Logs, read_bytes, reason);
    }
}

/// `application/grpc` with or without a suffix, in any case.
fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(http::header::CONTENT_TYPE) else { return false };
    let value = value.as_bytes();
    let name = b"application/grpc";
    value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && matches!(value.get(name.len()), None | Some(b'+' | b';' | b' '))
}
