//! The logs of a fleet, made from a seed: 40 services of 5 instances, thousands of shapes of message.
//!
//! Any request can be made again from its number alone, so senders make requests on their own, and a check of an answer
//! makes the records it wants to see. Each comes with its searchable text ([`FleetRecord::searched`]), so that what an
//! answer should be is found by looking at all of them.
//!
//! Start at [`Fleet::new`], then [`Fleet::request`].

mod messages;
mod protobuf;
mod random;

use basics::Timestamp;
use messages::{Style, Template, templates};
use protobuf::{attribute, double, int, put_bytes, put_fixed64, put_message, put_number, put_text, text};
use random::Random;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

/// Services of the fleet.
pub const SERVICES: usize = 40;
/// Instances of each.
pub const INSTANCES: usize = 5;
/// Users that records are about, some far more often than others.
pub const USERS: usize = 1_000_000;
/// Resources whose records an agent sends in one request.
const RESOURCES_PER_REQUEST: u64 = 5;
/// A request holds what its instances logged in this time; requests overlap by it.
const GATHERED: Duration = Duration::from_secs(30);

/// The value of `user.id` for a user.
pub fn user_name(user: usize) -> String {
    format!("user-{user:06}")
}

/// A fleet and the span of time it logs in.
pub struct Fleet {
    seed: u64,
    start: Timestamp,
    span: Duration,
    requests: u64,
    records_per_request: u64,
    services: Vec<Service>,
    /// Keys that only some records have; empty for a fleet with few keys.
    rare_keys: Vec<String>,
}

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct FleetSettings {
    /// Two fleets with the same settings make the same bytes.
    pub seed: u64,
    /// Records in all.
    pub records: u64,
    /// Records in each request.
    pub records_per_request: u64,
    /// The first moment.
    pub start: Timestamp,
    /// How long the fleet logs.
    pub span: Duration,
    /// Distinct attribute keys besides the usual ones.
    pub rare_keys: u32,
}

struct Service {
    name: String,
    version: String,
    namespace: &'static str,
    style: Style,
    templates: Vec<Template>,
    /// `weights[i]` of 65,536 records have a template up to `i`.
    weights: Vec<u32>,
    routes: Vec<String>,
}

/// One request.
pub struct FleetRequest {
    /// The protobuf of an `ExportLogsServiceRequest`.
    pub body: Vec<u8>,
    /// What is in it, record by record.
    pub records: Vec<FleetRecord>,
}

/// What a check wants to know about a record.
pub struct FleetRecord {
    /// Its time.
    pub time: Timestamp,
    /// What a term without a field looks at: the body, then each string attribute, on lines of their own.
    pub searched: String,
    /// Its trace id; `None` for half of the records.
    pub trace_id: Option<[u8; 16]>,
    /// Number of the user in its attribute `user.id`, below [`USERS`].
    pub user: usize,
}

/// What is decided of a record before it is written.
struct About {
    time: Timestamp,
    trace_id: Option<[u8; 16]>,
    user: usize,
}

const NAMESPACES: [&str; 5] = ["shop", "payments", "platform", "search", "data"];
const ROLES: [&str; 20] = [
    "gateway",
    "cart",
    "checkout",
    "catalog",
    "inventory",
    "pricing",
    "payments",
    "ledger",
    "fraud",
    "shipping",
    "notify",
    "identity",
    "session",
    "search",
    "indexer",
    "recommend",
    "media",
    "export",
    "scheduler",
    "audit",
];
const KINDS: [&str; 2] = ["api", "worker"];
const METHODS: [&str; 5] = ["GET", "GET", "GET", "POST", "PUT"];
const STATUSES: [u64; 10] = [200, 200, 200, 200, 201, 204, 304, 400, 404, 503];

impl Fleet {
    /// Plans a fleet.
    pub fn new(settings: FleetSettings) -> Fleet {
        let mut random = Random::new(settings.seed);
        let services = (0..SERVICES).map(|number| Service::new(number, &mut random)).collect();
        Fleet {
            seed: settings.seed,
            start: settings.start,
            span: settings.span,
            requests: settings.records.div_ceil(settings.records_per_request),
            records_per_request: settings.records_per_request,
            services,
            rare_keys: (0..settings.rare_keys).map(|number| format!("label.team{}.{number}", number % 17)).collect(),
        }
    }

    /// How many requests there are.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The first moment.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// All records of the fleet.
    pub fn records(&self) -> u64 {
        self.requests * self.records_per_request
    }

    /// A number that changes when the bytes of a fleet of this seed change: that of its first 100 requests on a fixed day.
    pub fn hash(seed: u64) -> u64 {
        let fleet = Fleet::new(FleetSettings {
            seed,
            records: 100_000,
            records_per_request: 1_000,
            start: Timestamp::from_seconds(1_767_225_600),
            span: Duration::from_secs(86_399),
            rare_keys: 300,
        });
        let mut hasher = Xxh3::new();
        for number in 0..fleet.requests() {
            hasher.update(&fleet.request(number).body);
        }
        hasher.digest()
    }

    /// Verbs and adjectives, which stand in many messages: a verb in about one of 40.
    pub fn words() -> impl Iterator<Item = &'static str> {
        messages::words()
    }

    /// The fixed text of every template.
    pub fn templates(&self) -> Vec<String> {
        self.services.iter().flat_map(|service| &service.templates).map(Template::fixed_text).collect()
    }

    /// Makes the request of this number; requests are sent in the order of their numbers.
    pub fn request(&self, number: u64) -> FleetRequest {
        let mut random = Random::new(self.seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let until = self.start.saturating_add(self.span.mul_f64((number + 1) as f64 / self.requests as f64));
        let mut records = Vec::with_capacity(usize::try_from(self.records_per_request).unwrap_or(0));
        let mut body = Vec::with_capacity(512 * records.capacity());
        let per_resource = self.records_per_request / RESOURCES_PER_REQUEST;
        for resource in 0..RESOURCES_PER_REQUEST {
            let count = if resource == 0 {
                self.records_per_request - per_resource * (RESOURCES_PER_REQUEST - 1)
            } else {
                per_resource
            };
            let service_number = random.skewed(SERVICES);
            let instance = random.pick(INSTANCES);
            let resource_logs = self.resource_logs(service_number, instance, count, until, &mut random, &mut records);
            put_message(&mut body, 1, &resource_logs);
        }
        FleetRequest { body, records }
    }

    fn resource_logs(
        &self,
        service_number: usize,
        instance: usize,
        count: u64,
        until: Timestamp,
        random: &mut Random,
        records: &mut Vec<FleetRecord>,
    ) -> Vec<u8> {
        let service = &self.services[service_number];
        let mut scope_logs = Vec::with_capacity(512 * usize::try_from(count).unwrap_or(0));
        let mut scope = Vec::new();
        put_text(&mut scope, 1, &format!("com.example.{}", service.name.replace('-', ".")));
        put_message(&mut scope_logs, 1, &scope);
        let from = until.saturating_sub(GATHERED).max(self.start);
        let gathered = until.since(from);
        let mut trace = (0, [0; 16]);
        for index in 0..count {
            let jitter = gathered.mul_f64((index as f64 + random.fraction()) / count as f64);
            let time = from.saturating_add(jitter);
            // Records of one trace follow each other; half of the records have one.
            if trace.0 == 0 {
                let is_traced = random.next().is_multiple_of(2);
                trace = (1 + random.pick(6), if is_traced { random.bytes16() } else { [0; 16] });
            }
            trace.0 -= 1;
            let trace_id = (trace.1 != [0; 16]).then_some(trace.1);
            let template = service.pick_template(random);
            let user = random.skewed(USERS);
            let about = About { time, trace_id, user };
            let (record, searched) = self.record(service, template, &about, random);
            put_message(&mut scope_logs, 2, &record);
            records.push(FleetRecord { time, searched, trace_id, user });
        }
        let mut out = Vec::with_capacity(scope_logs.len() + 512);
        put_message(&mut out, 1, &service.resource(instance));
        put_message(&mut out, 2, &scope_logs);
        out
    }

    fn record(&self, service: &Service, template: usize, about: &About, random: &mut Random) -> (Vec<u8>, String) {
        let About { time, trace_id, user } = *about;
        let template = &service.templates[template];
        let mut searched = template.fill(service.style, time, random);
        let mut out = Vec::with_capacity(512);
        let nanos = u64::try_from(time.0).unwrap_or(0);
        put_fixed64(&mut out, 1, nanos);
        put_number(&mut out, 2, template.severity);
        put_text(&mut out, 3, template.severity_text());
        put_message(&mut out, 5, &text(&searched));
        let mut put_string = |out: &mut Vec<u8>, key: &str, value: &str| {
            put_message(out, 6, &attribute(key, &text(value)));
            searched.push('\n');
            searched.push_str(value);
        };
        put_string(&mut out, "user.id", &user_name(user));
        put_string(&mut out, "thread.name", &format!("pool-{}-thread-{}", template.severity % 3, random.pick(16)));
        put_string(&mut out, "code.function.name", &template.function);
        put_string(&mut out, "http.route", &service.routes[random.skewed(service.routes.len())]);
        put_string(&mut out, "http.request.method", METHODS[random.pick(METHODS.len())]);
        let status = STATUSES[random.pick(STATUSES.len())];
        put_message(&mut out, 6, &attribute("http.response.status_code", &int(status)));
        let more = random.next();
        if more & 1 == 0 {
            let millis = (random.fraction() * random.fraction() * 2_000_000.0).round() / 1_000.0;
            put_message(&mut out, 6, &attribute("duration_ms", &double(millis)));
        }
        if more & 6 == 0 {
            let address = format!("10.{}.{}.{}", random.pick(16), random.pick(256), random.pick(256));
            put_string(&mut out, "client.address", &address);
        }
        if more & 24 == 0 {
            put_message(&mut out, 6, &attribute("retry.count", &int(random.next() % 5)));
        }
        if !self.rare_keys.is_empty() && more & 0x1e0 == 0 {
            let key = &self.rare_keys[random.skewed(self.rare_keys.len())];
            put_string(&mut out, key, &format!("v{}", random.skewed(50)));
        }
        if let Some(trace_id) = trace_id {
            put_bytes(&mut out, 9, &trace_id);
            put_bytes(&mut out, 10, &(random.next() | 1).to_be_bytes());
        }
        put_fixed64(&mut out, 11, nanos);
        (out, searched)
    }
}

impl Service {
    fn new(number: usize, random: &mut Random) -> Service {
        let name = format!("{}-{}", ROLES[number % ROLES.len()], KINDS[number / ROLES.len()]);
        let style = Style::of(number);
        let templates = templates(&name, style, random);
        // Some messages are far more frequent than others: the weight of the n-th is 1/(n+1).
        let total: f64 = (1..=templates.len()).map(|rank| 1.0 / rank as f64).sum();
        let mut sum = 0.0;
        let weights = (1..=templates.len())
            .map(|rank| {
                sum += 1.0 / rank as f64 / total * 65_536.0;
                f64_to_u32(sum)
            })
            .collect();
        let routes = (0..24)
            .map(|route| format!("/api/v{}/{}/{{id}}/{}", 1 + route % 3, name, messages::noun(random)))
            .collect();
        Service {
            version: format!("{}.{}.{}", 1 + number % 4, random.pick(30), random.pick(10)),
            namespace: NAMESPACES[number % NAMESPACES.len()],
            routes,
            name,
            style,
            templates,
            weights,
        }
    }

    fn pick_template(&self, random: &mut Random) -> usize {
        let drawn = u32::try_from(random.next() & 0xffff).unwrap_or(0);
        self.weights.partition_point(|weight| *weight <= drawn).min(self.templates.len() - 1)
    }

    fn resource(&self, instance: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let pod = format!("{}-7d9f6c5b8-{instance:05x}", self.name);
        for (key, value) in [
            ("service.name", self.name.as_str()),
            ("service.namespace", self.namespace),
            ("service.version", &self.version),
            ("service.instance.id", &pod),
            ("k8s.pod.name", &pod),
            ("host.name", &format!("node-{:02}", (instance * 7 + self.name.len()) % 20)),
            ("deployment.environment.name", "production"),
        ] {
            put_message(&mut out, 1, &attribute(key, &text(value)));
        }
        out
    }
}

fn f64_to_u32(value: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "weights lie between 0 and 65,536")]
    let whole = value.round() as u32;
    whole
}

#[cfg(test)]
mod tests;
