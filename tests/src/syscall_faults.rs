//! Makes single system calls of the real binary fail, with strace.
//!
//! A first run counts which calls touch the data directory and when; from that, rules are chosen: of each kind of call
//! the first, a middle and the last one, or all of them. Not done here: real short writes and reordering (the simulated
//! disk of `testkit` does those).
//!
//! Start at [`count_calls`], then [`choose_rules`].

use std::collections::BTreeMap;
use std::path::Path;

/// The calls by which bytes and names reach a disk.
const TRACED: &[&str] = &[
    "pwrite64",
    "pwritev",
    "pwritev2",
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "fallocate",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "openat",
];

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails with an I/O error.
    Eio,
    /// It fails because the disk is full.
    Enospc,
    /// The process is killed in it.
    Kill,
    /// It and all later ones fail with an I/O error.
    EioForEver,
}

/// One fault at one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Name of the system call.
    pub call: &'static str,
    /// Which one of a thread, counted from 1.
    pub ordinal: usize,
    /// What happens to it.
    pub fault: Fault,
}

impl Rule {
    /// Program and arguments under which the binary is to run. What the tracer sees goes to `trace`, for [`Rule::was_hit`].
    pub fn wrapper(&self, trace: &Path) -> Vec<String> {
        let (action, more) = match self.fault {
            Fault::Eio => ("error=EIO", ""),
            Fault::Enospc => ("error=ENOSPC", ""),
            Fault::Kill => ("signal=KILL", ""),
            Fault::EioForEver => ("error=EIO", "+"),
        };
        let arguments = [
            format!("--trace={}", self.call),
            format!("--output={}", trace.display()),
            format!("--inject={}:{action}:when={}{more}", self.call, self.ordinal),
        ];
        // Behind a filter in the kernel this tracer delivers a signal one traced call late.
        let filter = if self.fault == Fault::Kill { Filter::AllCalls } else { Filter::TracedCalls };
        tracer(filter, &arguments)
    }

    /// Tells from the trace whether the call was reached and failed. A kill shows by the end of the process instead.
    pub fn was_hit(trace: &str) -> bool {
        trace.contains("(INJECTED)")
    }
}

/// Program and arguments that make every `fdatasync` say yes without doing anything.
pub fn lying_sync_wrapper() -> Vec<String> {
    tracer(
        Filter::TracedCalls,
        &["--trace=fdatasync".to_owned(), "--output=/dev/null".to_owned(), "--inject=fdatasync:retval=0".to_owned()],
    )
}

/// Program and arguments that write down each call, for [`count_calls`].
pub fn counting_wrapper(output: &Path) -> Vec<String> {
    tracer(
        Filter::TracedCalls,
        &[
            format!("--trace={}", TRACED.join(",")),
            "--decode-fds=path".to_owned(),
            format!("--output={}", output.display()),
        ],
    )
}

/// At which calls the binary stops for the tracer.
enum Filter {
    /// At those that are traced; the kernel lets the others pass.
    TracedCalls,
    /// At all, which costs time.
    AllCalls,
}

/// The tracer runs as the binary's descendant, so that the process a test starts, signals and awaits is the binary.
fn tracer(filter: Filter, arguments: &[String]) -> Vec<String> {
    let mut words: Vec<String> =
        ["strace", "--daemonize=grandchild", "--follow-forks", "--quiet=all"].map(str::to_owned).into();
    match filter {
        Filter::TracedCalls => words.push("--seccomp-bpf".to_owned()),
        Filter::AllCalls => {}
    }
    words.extend_from_slice(arguments);
    words
}

/// Of each kind of call: which ones, counted within their thread, touch `data_dir`.
pub type CallOrdinals = BTreeMap<&'static str, Vec<usize>>;

/// Reads what [`counting_wrapper`] wrote down. Ordinals count all calls of a thread, as the tracer's own counter does.
pub fn count_calls(trace: &str, data_dir: &Path) -> CallOrdinals {
    let mut per_thread: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut ordinals = CallOrdinals::new();
    let data_dir = data_dir.to_string_lossy();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = rest.trim_start().split_once('(') else { continue };
        let Some(call) = TRACED.iter().find(|traced| **traced == name) else { continue };
        let count = per_thread.entry((thread, call)).or_default();
        *count += 1;
        if arguments.contains(&*data_dir) {
            ordinals.entry(call).or_default().push(*count);
        }
    }
    for list in ordinals.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    ordinals
}

/// The faults that are tried on a kind of call.
fn faults_of(call: &str) -> &'static [Fault] {
    match call {
        "fdatasync" => &[Fault::Eio, Fault::Enospc, Fault::Kill, Fault::EioForEver],
        "pwrite64" | "pwritev" | "pwritev2" => &[Fault::Eio, Fault::Enospc, Fault::Kill],
        "fallocate" | "ftruncate" => &[Fault::Enospc, Fault::Kill],
        _ => &[Fault::Eio, Fault::Kill],
    }
}

/// The rules to run, at most `rules_max`: the first, a middle and the last call of every kind, each with one fault; then
/// the other faults at the same calls, kinds with most at stake first.
pub fn choose_rules(ordinals: &CallOrdinals, rules_max: usize) -> Vec<Rule> {
    let (mut first, mut further) = (Vec::new(), Vec::new());
    for (call, list) in by_stake(ordinals) {
        let mut chosen = vec![list[0], list[list.len() / 2], list[list.len() - 1]];
        chosen.dedup();
        let faults = faults_of(call);
        for (index, ordinal) in chosen.into_iter().enumerate() {
            let rule = |fault: &Fault| Rule { call, ordinal, fault: *fault };
            let main = index % faults.len();
            first.push(rule(&faults[main]));
            further.extend(faults.iter().enumerate().filter(|(at, _)| *at != main).map(|(_, fault)| rule(fault)));
        }
    }
    first.extend(further);
    first.truncate(rules_max);
    first
}

/// A rule for every call of every kind and every fault.
pub fn all_rules(ordinals: &CallOrdinals) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (call, list) in by_stake(ordinals) {
        for ordinal in list {
            rules.extend(faults_of(call).iter().map(|fault| Rule { call, ordinal: *ordinal, fault: *fault }));
        }
    }
    rules
}

/// Kinds of calls that were seen, those with most at stake first.
fn by_stake(ordinals: &CallOrdinals) -> Vec<(&'static str, &Vec<usize>)> {
    let mut kinds: Vec<_> =
        ordinals.iter().filter(|(_, list)| !list.is_empty()).map(|(call, list)| (*call, list)).collect();
    kinds.sort_by_key(|(call, _)| match *call {
        "fdatasync" => 0,
        "pwrite64" | "pwritev" | "pwritev2" => 1,
        "fsync" => 2,
        _ => 3,
    });
    kinds
}

#[cfg(test)]
mod tests;
