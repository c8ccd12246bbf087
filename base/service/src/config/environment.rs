//! `${env:NAME}` and `${env:NAME:-text}` in values; `$${` stands for `${` itself.

use super::Lookup;

/// What is wrong with a substitution, and what would be right.
pub(crate) type Wrong = (String, String);

/// Puts variables in. A variable that is set but empty counts as set, except before a `:-`, as in a shell.
pub(crate) fn substitute(text: &str, env: Lookup<'_>) -> Result<String, Wrong> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from_sign) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = from_sign.get(2..).unwrap_or_default();
            continue;
        }
        out.push_str(before);
        let Some((inside, after)) = from_sign.get(2..).and_then(|from| from.split_once('}')) else {
            return Err(("`${` is not closed".to_owned(), ALLOWED.to_owned()));
        };
        out.push_str(&value_of(inside, env)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

const ALLOWED: &str = "${env:NAME}, ${env:NAME:-default}, or $${ for a literal ${";

fn value_of(inside: &str, env: Lookup<'_>) -> Result<String, Wrong> {
    let Some(expression) = inside.strip_prefix("env:") else {
        return Err((format!("`${{{inside}}}` names no known source"), ALLOWED.to_owned()));
    };
    let (name, default) = match expression.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (expression, None),
    };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.is_empty();
    if !is_name {
        return Err((format!("{name:?} cannot be the name of a variable"), ALLOWED.to_owned()));
    }
    match (env(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err((
            format!("the environment variable {name} is not set"),
            format!("set {name}, or give a default: ${{env:{name}:-...}}"),
        )),
    }
}
