//! The section `collector.quotas`: how much each tenant may send.

use basics::TenantName;
use ingest::limits::QUOTA_BURST_SECONDS;
use ingest::{Allowance, Quota, QuotaSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service::config::{Check, ConfigSize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;

const KEY: &str = "collector.quotas";

/// How much tenants may send. Without it as much as they like; beyond it they are refused with a retry hint.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuotasConfig {
    /// What each tenant may send that is not named under `tenants`.
    pub each_tenant: QuotaConfig,
    /// Quotas of single tenants by name, each in place of all of `each_tenant`: `shop: { bytes_per_second: 4MiB }`. An
    /// empty one, `{}`, lets a tenant send as much as it likes.
    pub tenants: BTreeMap<String, QuotaConfig>,
}

/// What one tenant may send. A key that is left out sets no limit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaConfig {
    /// The most bytes that may come at once, after rest. Ten seconds' worth when it is left out.
    #[schemars(extend("x-least" = "1KiB"))]
    pub burst_bytes: Option<ConfigSize>,
    /// The most records that may come at once, after rest. Ten seconds' worth when it is left out.
    #[schemars(range(min = 1))]
    pub burst_records: Option<u64>,
    /// Bytes of requests a second, after decompression.
    #[schemars(extend("x-least" = "1KiB"))]
    pub bytes_per_second: Option<ConfigSize>,
    /// Log records a second.
    #[schemars(range(min = 1))]
    pub records_per_second: Option<u64>,
}

impl QuotasConfig {
    /// Notes names that are none, and bursts of nothing.
    pub(super) fn check(&self, check: &mut Check<'_>) {
        self.each_tenant.check(&format!("{KEY}.each_tenant"), check);
        for (name, quota) in &self.tenants {
            let key = format!("{KEY}.tenants.{name}");
            if name == TenantName::self_tenant().as_str() {
                let message = "the process's own telemetry is never held by a quota";
                check.refuse(&[&key], message, "any other tenant");
            } else if name.parse::<TenantName>().is_err() {
                let allowed = "1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit";
                check.refuse(&[&key], format!("{name:?} is no tenant"), allowed);
            }
            quota.check(&key, check);
        }
    }

    /// The same after checking.
    pub(super) fn settings(&self) -> QuotaSettings {
        let tenants = self.tenants.iter().filter_map(|(name, quota)| Some((name.parse().ok()?, quota.settings())));
        QuotaSettings { each_tenant: self.each_tenant.settings(), tenants: tenants.collect() }
    }
}

impl QuotaConfig {
    fn check(&self, key: &str, check: &mut Check<'_>) {
        let pairs = [
            ("burst_bytes", self.burst_bytes.is_some(), "bytes_per_second", self.bytes_per_second.is_some()),
            ("burst_records", self.burst_records.is_some(), "records_per_second", self.records_per_second.is_some()),
        ];
        for (burst, has_burst, rate, has_rate) in pairs {
            if has_burst && !has_rate {
                let keys = [format!("{key}.{burst}"), format!("{key}.{rate}")];
                let allowed = format!("together with {rate}");
                check.refuse(&[&keys[0], &keys[1]], "a burst alone has no effect", allowed);
            }
        }
    }

    fn settings(&self) -> Quota {
        let burst_bytes = self.burst_bytes.map(|size| size.0);
        Quota {
            bytes: self.bytes_per_second.map(|rate| allowance(rate.0, burst_bytes)),
            records: self.records_per_second.map(|rate| allowance(rate, self.burst_records)),
        }
    }
}

fn allowance(per_second: u64, burst: Option<u64>) -> Allowance {
    // The schema refuses a rate of nothing; whoever builds a configuration by hand gets the least there is.
    let per_second = NonZeroU64::new(per_second).unwrap_or(NonZeroU64::MIN);
    Allowance { per_second, burst: burst.unwrap_or(per_second.get().saturating_mul(QUOTA_BURST_SECONDS)) }
}
