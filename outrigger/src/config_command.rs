//! `outrigger config default` and `outrigger config schema`.

use crate::config::OutriggerConfig;

/// Every key with its default, as YAML.
pub(crate) fn default_text() -> String {
    let keys = service::config::default_yaml::<OutriggerConfig>();
    format!(
        "# Every key of Outrigger's configuration with its default. A file needs only what differs from it.\n\
         # ${{env:NAME}} and ${{env:NAME:-default}} stand for environment variables.\n\n{keys}"
    )
}

/// The JSON Schema, for editors and for whoever writes configuration by program.
pub(crate) fn schema_text() -> String {
    format!("{:#}\n", service::config::json_schema::<OutriggerConfig>())
}
