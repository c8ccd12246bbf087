//! Messages: templates put together from words, with slots for what varies.

use super::random::Random;
use basics::Timestamp;
use std::fmt::Write;

/// Templates of one service.
const TEMPLATES: usize = 84;

/// How a service writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Java,
    Access,
    Json,
    Logfmt,
}

impl Style {
    pub(super) fn of(service: usize) -> Style {
        match service % 10 {
            0 | 1 => Style::Access,
            2..=4 => Style::Java,
            5 => Style::Json,
            6 => Style::Logfmt,
            _ => Style::Plain,
        }
    }
}

/// A message without its variables.
pub(super) struct Template {
    pub(super) severity: u64,
    pub(super) function: String,
    component: String,
    pieces: Vec<Piece>,
}

enum Piece {
    Word(&'static str),
    Slot(Slot),
}

#[derive(Clone, Copy)]
enum Slot {
    Number,
    Millis,
    Address,
    Uuid,
    Hex,
    Order,
    Path,
    Bytes,
    Percent,
    Host,
}

const SLOTS: [Slot; 10] = [
    Slot::Number,
    Slot::Millis,
    Slot::Address,
    Slot::Uuid,
    Slot::Hex,
    Slot::Order,
    Slot::Path,
    Slot::Bytes,
    Slot::Percent,
    Slot::Host,
];

const VERBS: [&str; 40] = [
    "accepted",
    "rejected",
    "started",
    "stopped",
    "loaded",
    "saved",
    "fetched",
    "resolved",
    "connected",
    "disconnected",
    "expired",
    "refreshed",
    "scheduled",
    "cancelled",
    "completed",
    "retrying",
    "skipped",
    "queued",
    "delivered",
    "dropped",
    "opened",
    "closed",
    "verified",
    "denied",
    "renewed",
    "merged",
    "flushed",
    "compacted",
    "replicated",
    "elected",
    "throttled",
    "timeout",
    "failed",
    "recovered",
    "registered",
    "removed",
    "updated",
    "created",
    "parsed",
    "committed",
];
const NOUNS: [&str; 60] = [
    "order",
    "cart",
    "payment",
    "invoice",
    "session",
    "token",
    "user",
    "account",
    "request",
    "response",
    "connection",
    "pool",
    "cache",
    "entry",
    "key",
    "partition",
    "offset",
    "consumer",
    "producer",
    "topic",
    "message",
    "batch",
    "record",
    "index",
    "segment",
    "snapshot",
    "replica",
    "leader",
    "follower",
    "shard",
    "query",
    "cursor",
    "transaction",
    "lock",
    "lease",
    "certificate",
    "handshake",
    "upstream",
    "backend",
    "endpoint",
    "route",
    "policy",
    "rule",
    "job",
    "task",
    "worker",
    "thread",
    "buffer",
    "stream",
    "file",
    "directory",
    "bucket",
    "object",
    "image",
    "thumbnail",
    "email",
    "webhook",
    "quota",
    "budget",
    "heartbeat",
];
const ADJECTIVES: [&str; 24] = [
    "slow",
    "stale",
    "primary",
    "secondary",
    "remote",
    "local",
    "pending",
    "active",
    "idle",
    "broken",
    "empty",
    "large",
    "internal",
    "external",
    "temporary",
    "permanent",
    "missing",
    "duplicate",
    "unknown",
    "invalid",
    "healthy",
    "degraded",
    "partial",
    "full",
];
const JOINTS: [&str; 16] = [
    "for",
    "from",
    "to",
    "with",
    "after",
    "before",
    "during",
    "because of",
    "in",
    "at",
    "by",
    "while waiting for",
    "instead of",
    "without",
    "behind",
    "of",
];
const PACKAGES: [&str; 12] = [
    "http.Server",
    "db.Pool",
    "cache.Client",
    "queue.Consumer",
    "auth.Verifier",
    "scheduler.Executor",
    "storage.Writer",
    "index.Merger",
    "net.Balancer",
    "billing.Engine",
    "search.Ranker",
    "media.Scaler",
];

/// A noun.
pub(super) fn noun(random: &mut Random) -> &'static str {
    NOUNS[random.pick(NOUNS.len())]
}

/// Verbs and adjectives.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    VERBS.into_iter().chain(ADJECTIVES)
}

/// The templates of a service.
pub(super) fn templates(service: &str, style: Style, random: &mut Random) -> Vec<Template> {
    (0..TEMPLATES).map(|_| template(service, style, random)).collect()
}

fn template(service: &str, style: Style, random: &mut Random) -> Template {
    let severity = [5, 9, 9, 9, 9, 9, 13, 17][random.pick(8)];
    let component = PACKAGES[random.pick(PACKAGES.len())].to_owned();
    let function = format!("{}.{}", component.replace('.', "/"), noun(random));
    let mut pieces = Vec::new();
    let clauses = 1 + random.pick(if style == Style::Access { 1 } else { 3 });
    for clause in 0..clauses {
        if clause > 0 {
            pieces.push(Piece::Word(JOINTS[random.pick(JOINTS.len())]));
        }
        if random.pick(3) == 0 {
            pieces.push(Piece::Word(ADJECTIVES[random.pick(ADJECTIVES.len())]));
        }
        pieces.push(Piece::Word(noun(random)));
        if random.pick(4) > 0 {
            pieces.push(Piece::Slot(SLOTS[random.pick(SLOTS.len())]));
        }
        if clause == 0 {
            pieces.push(Piece::Word(VERBS[random.pick(VERBS.len())]));
        }
    }
    if random.pick(2) == 0 {
        pieces.push(Piece::Word("took"));
        pieces.push(Piece::Slot(Slot::Millis));
    }
    let component = if style == Style::Java { format!("{}.{component}", service.replace('-', ".")) } else { component };
    Template { severity, function, component, pieces }
}

impl Template {
    pub(super) fn severity_text(&self) -> &'static str {
        match self.severity {
            5 => "DEBUG",
            13 => "WARN",
            17 => "ERROR",
            _ => "INFO",
        }
    }

    /// Its words, without what stands around them.
    pub(super) fn fixed_text(&self) -> String {
        let words = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(*word),
            Piece::Slot(_) => None,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// A message of this template.
    pub(super) fn fill(&self, style: Style, time: Timestamp, random: &mut Random) -> String {
        let mut message = String::with_capacity(160);
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > 0 {
                message.push(' ');
            }
            match piece {
                Piece::Word(word) => message.push_str(word),
                Piece::Slot(slot) => slot.fill(random, &mut message),
            }
        }
        let mut out = String::with_capacity(message.len() + 96);
        let written = match style {
            Style::Plain => write!(out, "{}: {message}", self.component),
            Style::Java => write!(out, "[{}] {message}", self.component),
            Style::Access => {
                let (status, bytes) = ([200, 200, 304, 404, 503][random.pick(5)], random.skewed(90_000));
                write!(
                    out,
                    "{message} \"GET /api/{}/{} HTTP/1.1\" {status} {bytes}",
                    self.component,
                    random.pick(9_999)
                )
            }
            Style::Json => write!(
                out,
                "{{\"ts\":{},\"logger\":\"{}\",\"msg\":\"{message}\",\"shard\":{},\"attempt\":{}}}",
                time.0 / 1_000_000,
                self.component,
                random.pick(64),
                random.pick(4)
            ),
            Style::Logfmt => write!(
                out,
                "level={} caller={}:{} msg=\"{message}\" shard={}",
                self.severity_text().to_lowercase(),
                self.component,
                10 + self.function.len() * 7,
                random.pick(64)
            ),
        };
        written.expect("writing to a String does not fail");
        out
    }
}

impl Slot {
    fn fill(self, random: &mut Random, out: &mut String) {
        let written = match self {
            Slot::Number => write!(out, "{}", random.skewed(100_000)),
            Slot::Millis => write!(out, "{}ms", random.skewed(30_000)),
            Slot::Address => {
                write!(
                    out,
                    "10.{}.{}.{}:{}",
                    random.pick(4),
                    random.pick(256),
                    random.pick(256),
                    1_024 + random.pick(60_000)
                )
            }
            Slot::Uuid => {
                let (high, low) = (random.next(), random.next());
                write!(
                    out,
                    "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xffff,
                    high & 0xfff,
                    low >> 52,
                    low & 0xffff_ffff_ffff
                )
            }
            Slot::Hex => write!(out, "0x{:012x}", random.next() >> 16),
            Slot::Order => write!(out, "o-{:07}", random.pick(10_000_000)),
            Slot::Path => {
                write!(out, "/var/lib/data/{:02}/{:06}.seg", random.pick(32), random.pick(1_000_000))
            }
            Slot::Bytes => write!(out, "{}KiB", random.skewed(65_536)),
            Slot::Percent => write!(out, "{}%", random.pick(100)),
            Slot::Host => write!(out, "node-{:02}", random.pick(20)),
        };
        written.expect("writing to a String does not fail");
    }
}
