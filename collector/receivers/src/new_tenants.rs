//! Numbers for tenants that send for the first time.
//!
//! A number is durable before it is used, so giving one takes as long as the disk takes. One request at a time waits for
//! that, on a thread that may; the others wait for their turn, with a deadline, while everybody whose tenant is known
//! goes on. A credential that may act for any tenant could use up all numbers, which are never given back: so each
//! credential gets so many in an hour.

use crate::limits::{NEW_TENANT_WAIT, NEW_TENANTS_PER_HOUR_MAX};
use crate::otlp_face::Refusal;
use basics::{TenantId, error_chain};
use ingest::TenantDirectory;
use service::Caller;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

const HOUR: Duration = Duration::from_secs(3_600);

/// Who gives the numbers.
pub(crate) struct NewTenants {
    turn: Semaphore,
    given: Mutex<Given>,
}

impl NewTenants {
    pub(crate) fn new() -> NewTenants {
        NewTenants { turn: Semaphore::new(1), given: Mutex::default() }
    }

    /// The number of the caller's tenant, which had none a moment ago.
    pub(crate) async fn number_of(&self, tenants: &TenantDirectory, caller: &Caller) -> Result<TenantId, Refusal> {
        let Ok(Ok(turn)) = timeout(NEW_TENANT_WAIT, self.turn.acquire()).await else {
            return Err(Refusal::NewTenantsWait);
        };
        if let Some(tenant) = tenants.find(&caller.tenant) {
            return Ok(tenant);
        }
        let now = Instant::now();
        if let Err(wait) = self.with_given(|given| given.check(&caller.name, now)) {
            return Err(Refusal::TooManyNewTenants { wait });
        }
        let tenant = tokio::task::block_in_place(|| tenants.ensure(&caller.tenant)).map_err(|error| {
            tracing::error!(tenant = %caller.tenant, error = error_chain(&error), "a new tenant got no number");
            Refusal::Tenant(error)
        })?;
        self.with_given(|given| given.note(&caller.name, now));
        drop(turn);
        Ok(tenant)
    }

    /// A panic of another thread while it held the lock leaves plain numbers behind.
    fn with_given<T>(&self, work: impl FnOnce(&mut Given) -> T) -> T {
        work(&mut self.given.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many numbers each credential got in its running hour. Holds no more of them than numbers were given.
#[derive(Default)]
struct Given {
    hours: BTreeMap<Arc<str>, Hour>,
}

/// An hour that began with the first new tenant.
struct Hour {
    began: Instant,
    numbers: u32,
}

impl Given {
    /// Passes when the credential may get another number, else says when.
    fn check(&self, credential: &str, now: Instant) -> Result<(), Duration> {
        let Some(hour) = self.hours.get(credential) else { return Ok(()) };
        let passed = now.saturating_duration_since(hour.began);
        if hour.numbers < NEW_TENANTS_PER_HOUR_MAX || passed >= HOUR { Ok(()) } else { Err(HOUR - passed) }
    }

    fn note(&mut self, credential: &Arc<str>, now: Instant) {
        self.hours.retain(|_, hour| now.saturating_duration_since(hour.began) < HOUR);
        self.hours.entry(credential.clone()).or_insert(Hour { began: now, numbers: 0 }).numbers += 1;
    }
}

#[cfg(test)]
impl NewTenants {
    /// As if the credential had got all that it may.
    pub(crate) fn use_up(&self, credential: &Arc<str>) {
        let now = Instant::now();
        self.with_given(|given| (0..NEW_TENANTS_PER_HOUR_MAX).for_each(|_| given.note(credential, now)));
    }
}

#[cfg(test)]
mod tests;
