//! The commands of the README, taken out so that they can be run as printed.
//!
//! The convention: a fenced block marked `sh` is run; one that starts with `cargo` is not (the two commands by which
//! people build and test). A fenced block marked `text` right below shows what is printed: each of its lines must appear,
//! in order; `…` stands for anything within a line. Blocks marked otherwise are only shown.
//!
//! Start at [`commands`].

/// A block of commands and what it must print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Line of the README at which the block begins, counted from 1.
    pub line: usize,
    /// The commands.
    pub script: String,
    /// Lines that must be printed, in order. Empty: anything.
    pub printed: Vec<String>,
}

/// All blocks that are to be run.
pub fn commands(readme: &str) -> Vec<Command> {
    let blocks = fenced_blocks(readme);
    let mut commands: Vec<Command> = Vec::new();
    let mut last_was_command = false;
    for block in blocks {
        match block.mark {
            "sh" => {
                last_was_command = !block.text.trim_start().starts_with("cargo");
                if last_was_command {
                    commands.push(Command { line: block.line, script: block.text, printed: Vec::new() });
                }
            }
            "text" if last_was_command && block.follows_a_block => {
                if let Some(command) = commands.last_mut() {
                    command.printed = block.text.lines().map(str::to_owned).collect();
                }
                last_was_command = false;
            }
            _ => last_was_command = false,
        }
    }
    commands
}

/// The first line of `wanted` that is not printed where it should be.
pub fn first_missing<'a>(wanted: &'a [String], printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    wanted.iter().find(|line| !lines.any(|printed| line_matches(line, printed))).map(String::as_str)
}

/// True when the pieces of `wanted` between `…` stand in `printed` in order, the outer ones at its ends.
fn line_matches(wanted: &str, printed: &str) -> bool {
    let printed = printed.trim_end();
    let mut pieces = wanted.trim_end().split('…');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

struct Block<'a> {
    line: usize,
    mark: &'a str,
    text: String,
    /// Only empty lines stand between the block before and this one.
    follows_a_block: bool,
}

fn fenced_blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    let mut follows_a_block = false;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.trim().strip_prefix("```")) {
            (None, Some(mark)) => {
                open = Some(Block { line: index + 1, mark: mark.trim(), text: String::new(), follows_a_block });
            }
            (None, None) => follows_a_block &= line.trim().is_empty(),
            (Some(_), Some("")) => {
                blocks.extend(open.take());
                follows_a_block = true;
            }
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests;
