//! Reads Rust as tokens: enough to tell code from comments, literals and tests, and to find paths.
//!
//! It is no parser: it knows no types, no macros and no names that are brought in by a `use`.

/// Blanks comments, texts and characters; all other bytes stay where they are, in ASCII.
pub fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped(bytes, at);
        if end == at {
            code.push(if bytes[at].is_ascii() {
                char::from(bytes[at])
            } else {
                'x'
            });
            at += 1;
        } else {
            code.extend(
                bytes[at..end]
                    .iter()
                    .map(|byte| if *byte == b'\n' { '\n' } else { ' ' }),
            );
            at = end;
        }
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` itself where none begins.
fn skipped(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return at
            + rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return at + block_comment_length(rest);
    }
    if rest.starts_with(b"\"") {
        return at + quoted_length(rest, b'"');
    }
    if rest.starts_with(b"'") {
        return at + character_length(rest);
    }
    let begins_word = at == 0 || !is_word(bytes[at - 1]);
    if begins_word && (rest[0] == b'r' || rest.starts_with(b"br")) {
        return at + raw_length(rest);
    }
    at
}

fn block_comment_length(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A character, or nothing for a lifetime.
fn character_length(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        return quoted_length(rest, b'\'');
    }
    let width = match rest.get(1) {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        _ => 1,
    };
    if rest.get(1 + width) == Some(&b'\'') {
        width + 2
    } else {
        0
    }
}

/// A raw text with any number of `#`, or nothing for a word that begins with `r`.
fn raw_length(rest: &[u8]) -> usize {
    let start = if rest[0] == b'b' { 2 } else { 1 };
    let hashes = rest[start..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    if rest.get(start + hashes) != Some(&b'"') {
        return 0;
    }
    let body = start + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = rest[body..]
        .windows(end.len())
        .position(|part| part == end.as_bytes());
    length.map_or(rest.len(), |length| body + length + end.len())
}

/// Blanks each item that is compiled for tests alone.
pub fn without_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = ["#[cfg(test)]", "#[cfg(all(test,"]
        .iter()
        .filter_map(|mark| code[from..].find(mark))
        .min()
    {
        let start = from + found;
        let attribute = start + code[start..].find(']').map_or(0, |length| length + 1);
        let end = body_end(code.as_bytes(), attribute);
        for byte in &mut bytes[start..end] {
            *byte = if *byte == b'\n' { b'\n' } else { b' ' };
        }
        from = end;
    }
    String::from_utf8(bytes).expect("only ASCII was written")
}

/// Where the item at `at` ends: behind its braces, or behind a `;` before any of them.
pub fn body_end(code: &[u8], at: usize) -> usize {
    let (mut brackets, mut braces) = (0_usize, 0_usize);
    for (offset, byte) in code[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 && brackets == 0 {
                    return at + offset + 1;
                }
            }
            b';' if brackets == 0 && braces == 0 => return at + offset + 1,
            _ => {}
        }
    }
    code.len()
}

pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where `phrase` stands in the code with no letter right before or behind it.
pub fn places(code: &str, phrase: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    code.match_indices(phrase)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || !is_word(bytes[at - 1]))
        .filter(|at| {
            bytes
                .get(at + phrase.len())
                .is_none_or(|byte| !is_word(*byte))
        })
        .collect()
}

/// Every path that begins with `root::`, groups written out: (place, parts behind the root).
pub fn paths(code: &str, root: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for at in places(code, root) {
        let is_part = code[..at].ends_with("::");
        if let Some(tree) = code[at + root.len()..]
            .strip_prefix("::")
            .filter(|_| !is_part)
        {
            let mut parts = Vec::new();
            tree_paths(tree, &[], &mut parts);
            found.extend(parts.into_iter().map(|path| (at, path)));
        }
    }
    found
}

/// Writes out the use tree at the start of `tree`; returns what stands behind it.
fn tree_paths<'a>(tree: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = tree.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            rest = tree_paths(rest, prefix, found);
            rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let length = rest.bytes().take_while(|byte| is_word(*byte)).count();
    let mut path = prefix.to_vec();
    if length > 0 && &rest[..length] != "self" {
        path.push(rest[..length].to_owned());
    }
    rest = &rest[length..];
    match rest.strip_prefix("::") {
        Some(deeper) if length > 0 => tree_paths(deeper, &path, found),
        _ => {
            found.push(path);
            rest
        }
    }
}

pub fn begins_with(path: &[String], allowed: &str) -> bool {
    let allowed: Vec<&str> = allowed.split("::").collect();
    path.len() >= allowed.len() && path.iter().zip(&allowed).all(|(part, word)| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_comments_and_literals() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("a \"b \\\" // c\" d", "a             d"),
            ("r#\"a \" b\"# c", "           c"),
            ("br\"a\" c", "      c"),
            ("r#type rest br", "r#type rest br"),
            ("'\"' '\\'' 'é' x", "              x"),
            ("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)"),
            ("é = 1", "xx = 1"),
        ] {
            assert_eq!(code_of(text), code, "{text}");
        }
    }

    #[test]
    fn tests_are_left_out_and_what_follows_them_is_not() {
        let text = "#[cfg(test)]\nmod tests {\n    fn a() { b[0]; }\n}\nfn c() {}\n\
                    #[cfg(test)]\nmod more;\nfn d() {}\n";
        let code = without_tests(text);
        assert_eq!(
            code.split_whitespace().collect::<Vec<_>>(),
            ["fn", "c()", "{}", "fn", "d()", "{}"]
        );
        assert_eq!(code.lines().count(), text.lines().count());
    }
}
