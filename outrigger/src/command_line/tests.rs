use super::*;
use std::path::Path;

fn parse(words: &str) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(words.split_whitespace())
}

#[test]
fn the_definition_holds_together() {
    use clap::CommandFactory;
    CommandLine::command().debug_assert();
}

#[test]
fn without_a_word_everything_starts() {
    let line = parse("outrigger").unwrap();
    assert!(line.command.is_none());
    assert_eq!(line.start.data_dir, None);
    let line = parse("outrigger --config a.yaml --data-dir d").unwrap();
    assert_eq!(line.start.config.config.as_deref(), Some(Path::new("a.yaml")));
    assert_eq!(line.start.data_dir.as_deref(), Some(Path::new("d")));
    assert_eq!(parse("outrigger --data d").unwrap().start.data_dir.as_deref(), Some(Path::new("d")));
}

#[test]
fn one_house_can_be_started_alone() {
    let Some(Command::Collector(start)) = parse("outrigger collector -c a.yaml").unwrap().command else {
        panic!("no collector")
    };
    assert_eq!(start.config.config.as_deref(), Some(Path::new("a.yaml")));
}

#[test]
fn options_of_a_start_do_not_stand_before_another_command() {
    for (words, command) in [("outrigger --data-dir d logs x", "logs"), ("outrigger --data-dir d data check", "data")] {
        let error = parse(words).expect_err("nobody is to think that logs reads a directory");
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let told = slips::explained(error, &words).to_string();
        assert!(
            told.contains(&format!("what `{command}` takes stands behind it: see outrigger {command} --help")),
            "{told}"
        );
    }
}

#[test]
fn the_other_commands_are_known() {
    assert!(matches!(
        parse("outrigger config default").unwrap().command,
        Some(Command::Config(ConfigCommand::Default))
    ));
    assert!(matches!(parse("outrigger config schema").unwrap().command, Some(Command::Config(ConfigCommand::Schema))));
    assert!(matches!(parse("outrigger check").unwrap().command, Some(Command::Check(_))));
    assert!(matches!(parse("outrigger token new").unwrap().command, Some(Command::Token(TokenCommand::New(_)))));
    assert!(matches!(parse("outrigger completions bash").unwrap().command, Some(Command::Completions { .. })));
    assert!(matches!(parse("outrigger logs timeout -f --since 15m").unwrap().command, Some(Command::Logs(_))));
    assert!(matches!(parse("outrigger delete logs user:7 --yes").unwrap().command, Some(Command::Delete(_))));
    assert!(matches!(parse("outrigger delete logs x --dry-run --since 1h").unwrap().command, Some(Command::Delete(_))));
    for wrong in ["outrigger delete logs x", "outrigger delete logs --yes", "outrigger delete logs x --yes --dry-run"] {
        assert!(parse(wrong).is_err(), "nothing goes without a word: {wrong}");
    }
    for wrong in ["outrigger config", "outrigger token", "outrigger completions tcl", "outrigger lgos", "outrigger x y"]
    {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_version_and_help_are_answers_and_no_mistakes() {
    for words in ["outrigger --version", "outrigger --help", "outrigger logs --help", "outrigger help token new"] {
        assert!(!parse(words).unwrap_err().use_stderr(), "{words}");
    }
    assert!(parse("outrigger --version").unwrap_err().to_string().starts_with("outrigger 0."));
}
