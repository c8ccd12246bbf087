//! The README's blocks are taken as the convention says.

use super::{commands, first_missing};

#[test]
fn blocks_marked_sh_are_run_and_others_are_shown() {
    let readme = "# A\n```sh\ncargo run --release\n```\n```yaml\na: 1\n```\ntext\n```sh\ncurl a |\n  jq\n```\n\n```text\n{…}\n```\n```text\nmore\n```\n";
    let commands = commands(readme);
    assert_eq!(commands.len(), 1);
    assert_eq!((commands[0].line, commands[0].script.as_str()), (9, "curl a |\n  jq\n"));
    assert_eq!(commands[0].printed, ["{…}"]);
}

#[test]
fn a_text_block_further_down_is_not_the_output() {
    let commands = commands("```sh\nls\n```\nIts log looks so:\n```text\nx\n```\n");
    assert_eq!(commands[0].printed, Vec::<String>::new());
}

#[test]
fn printed_lines_appear_in_order_with_anything_for_an_ellipsis() {
    let wanted = ["a … c".to_owned(), "end".to_owned()];
    assert_eq!(first_missing(&wanted, "x\na b c\ny\nend\n"), None);
    assert_eq!(first_missing(&wanted, "end\na b c\n"), Some("end"));
    assert_eq!(first_missing(&wanted, "a b d\nend\n"), Some("a … c"));
    assert_eq!(first_missing(&["whole".to_owned()], "whole line\n"), Some("whole"));
}
