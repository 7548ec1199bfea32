//! Reads Rust source just well enough to know which names it uses: tokens without comments and strings, and from
//! those every path with its line and the module that says it.

/// A word or a sign of the source, and its line (from 1).
#[derive(Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path as the source says it, with `use` groups spelled out: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Debug)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
    /// The module around it, inline modules included.
    pub module: Vec<String>,
    /// Said by `use` or `extern crate`, where a single name is a path already.
    pub imported: bool,
}

impl Path {
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut said = self.segments.iter();
        prefix.split("::").all(|wanted| said.next().is_some_and(|segment| segment == wanted))
    }

    /// The path from the crate's root, if it leads into this crate.
    pub fn inside_crate(&self) -> Option<Vec<String>> {
        let rest = &self.segments[usize::from(self.segments[0] == "self")..];
        let climbs = rest.iter().take_while(|segment| *segment == "super").count();
        match rest.first()?.as_str() {
            "crate" => Some(rest[1..].to_vec()),
            "super" => {
                let base = &self.module[..self.module.len().saturating_sub(climbs)];
                Some([base, &rest[climbs..]].concat())
            }
            _ => None,
        }
    }
}

/// The module that a file is: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`, and `src/lib.rs` is the root.
pub fn module_of(file: &str) -> Vec<String> {
    let stem = file.trim_start_matches("src/").trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    stem.split('/').filter(|part| !matches!(*part, "lib" | "main")).map(String::from).collect()
}

pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut found, mut i, mut line) = (Vec::new(), 0, 1);
    while i < chars.len() {
        let start = i;
        let rest = &chars[i..];
        let mut said = None;
        if rest.starts_with(&['/', '/']) {
            i += rest.iter().take_while(|c| **c != '\n').count();
        } else if rest.starts_with(&['/', '*']) {
            i += block_comment(rest);
        } else if let Some(length) = string(rest) {
            i += length;
        } else if at(i) == '\'' {
            // 'a' and '\n' are characters; 'a without a second quote is a lifetime.
            i += match (at(i + 1), at(i + 2)) {
                ('\\', _) => 3 + rest[3.min(rest.len())..].iter().take_while(|c| **c != '\'').count() + 1,
                (_, '\'') => 3,
                _ => 1 + rest[1..].iter().take_while(|c| is_word(**c)).count(),
            };
        } else if is_word(at(i)) {
            i += rest.iter().take_while(|c| is_word(**c)).count();
            said = Some(i);
        } else {
            i += if rest.starts_with(&[':', ':']) { 2 } else { 1 };
            said = (!at(start).is_whitespace()).then_some(i);
        }
        if let Some(end) = said {
            found.push(Token { text: chars[start..end].iter().collect(), line });
        }
        line += chars[start..i.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the block comment that starts here; block comments nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < rest.len() {
        match &rest[i..] {
            ['/', '*', ..] => (depth, i) = (depth + 1, i + 2),
            ['*', '/', ..] if depth == 1 => return i + 2,
            ['*', '/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    i
}

/// The length of the string literal that starts here, if one does: "…", b"…", c"…", r#"…"# and so on.
fn string(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| matches!(**c, 'b' | 'c' | 'r')).count();
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    let open = prefix + hashes;
    let raw = rest[..prefix].contains(&'r');
    if prefix > 2 || rest.get(open) != Some(&'"') || (hashes > 0 && !raw) {
        return None;
    }
    let mut i = open + 1;
    while i < rest.len() {
        let closes = rest[i] == '"' && rest[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        if closes {
            return Some(i + 1 + hashes);
        }
        i += if rest[i] == '\\' && !raw { 2 } else { 1 };
    }
    Some(rest.len())
}

/// Every path that the source says, in order.
pub fn paths(file: &str, tokens: &[Token]) -> Vec<Path> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut module = module_of(file);
    let (mut found, mut inline, mut depth, mut i) = (Vec::new(), Vec::new(), 0_usize, 0);
    while i < tokens.len() {
        match text(i) {
            "mod" if text(i + 2) == "{" => {
                module.push(text(i + 1).to_string());
                inline.push(depth);
                i += 2; // the brace itself is counted below
                continue;
            }
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if inline.pop_if(|opened| *opened == depth).is_some() {
                    module.pop();
                }
            }
            _ => {
                let imported = i > 0 && (text(i - 1) == "use" || (text(i - 1) == "crate" && text(i - 2) == "extern"));
                let mut leaves = Vec::new();
                i = read_path(tokens, i, &[], &mut leaves);
                let whole = |(segments, line)| Path { segments, line, module: module.clone(), imported };
                found.extend(leaves.into_iter().map(whole));
                continue;
            }
        }
        i += 1;
    }
    found
}

/// Reads one path from `i` on, groups included, and answers where it ended (always behind `i`).
fn read_path(tokens: &[Token], start: usize, prefix: &[String], leaves: &mut Vec<(Vec<String>, usize)>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut segments = prefix.to_vec();
    let mut i = start + usize::from(text(start) == "::"); // `::name` is the outside crate of that name
    while text(i).starts_with(is_word) || text(i) == "*" {
        segments.push(text(i).to_string());
        i += 1;
        if text(i) != "::" {
            break;
        }
        i += 1;
        if text(i) == "{" {
            i += 1;
            while i < tokens.len() && text(i) != "}" {
                i = if text(i) == "as" { i + 2 } else { read_path(tokens, i, &segments, leaves) };
            }
            return i + 1;
        }
    }
    if segments.len() > prefix.len() {
        leaves.push((segments, tokens[start].line));
    }
    i.max(start + 1)
}
