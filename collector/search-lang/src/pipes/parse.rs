//! `| parse regex /(?P<x>..)/ from f`, `| parse json`, `| parse logfmt`: fields out of a text.

use super::words;
use crate::error::SearchLangError;
use crate::nearest::nearest;
use crate::regex;
use crate::scanner::Scanner;
use model::{ParseSyntax, Pipe};

pub(super) fn parse(scanner: &mut Scanner<'_>) -> Result<Pipe, SearchLangError> {
    scanner.skip_white_space();
    let start = scanner.at();
    let syntax = match words::word(scanner) {
        "regex" => regex_with_names(scanner)?,
        "json" => ParseSyntax::Json,
        "logfmt" => ParseSyntax::Logfmt,
        other => {
            scanner.return_to(start);
            let what = r"parse reads parse json, parse logfmt or parse regex /user=(?P<user>\w+)/, and from a field";
            let mistake = words::missing(scanner, what);
            return Err(match nearest(other, &["regex", "json", "logfmt"]) {
                Some(known) => mistake.suggest(known),
                None => mistake,
            });
        }
    };
    let from = match words::take_keyword(scanner, "from") {
        true => Some(words::name(scanner, "from is followed by a field's name")?),
        false => None,
    };
    Ok(Pipe::Parse { syntax, from })
}

fn regex_with_names(scanner: &mut Scanner<'_>) -> Result<ParseSyntax, SearchLangError> {
    scanner.skip_white_space();
    let Some(slashed) = scanner.slashed_anywhere() else {
        return Err(words::missing(
            scanner,
            r"a regular expression stands between slashes, as in /user=(?P<user>\w+)/",
        ));
    };
    if regex::check(&slashed)?.is_empty() {
        let message = r"no group of this regular expression has a name, as in /user=(?P<user>\w+)/";
        return Err(SearchLangError::new(slashed.span, message));
    }
    Ok(ParseSyntax::Regex(slashed.text.into()))
}
