//! `bench NAME`: runs one measurement and prints each figure once, as `name=value`.

use bench::logs::LogsSettings;
use bench::store_cost::RECORDS_DEFAULT;
use std::process::ExitCode;

/// That of the program, so that what is measured in this process allocates as it does there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the shell hears when the command line itself is wrong (sysexits.h, EX_USAGE).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [name] if name == "ack" => bench::ack::run(),
        [name] if name == "store" => bench::store_cost::run(RECORDS_DEFAULT),
        [name, word, records] if name == "store" && word == "--records" => match records.parse() {
            Ok(records) => bench::store_cost::run(records),
            Err(_) => {
                eprintln!("--records {records} is no number");
                return ExitCode::from(EXIT_USAGE);
            }
        },
        [name, ..] if name == "store" => {
            eprintln!("bench store knows no other word than --records N");
            return ExitCode::from(EXIT_USAGE);
        }
        [name] if name == "wal" => bench::wal_ratio::run(),
        [name, rest @ ..] if name == "logs" => match LogsSettings::parse(rest) {
            Ok(settings) => bench::logs::run(&settings),
            Err(mistake) => {
                eprintln!("{mistake}");
                return ExitCode::from(EXIT_USAGE);
            }
        },
        other => {
            eprintln!("no measurement is called {:?}; there are: ack, logs, store, wal", other.join(" "));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench {}: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}
