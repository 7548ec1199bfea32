//! As much Markdown as terms and policies need: headings, paragraphs, lists, bold. Everything else is shown as it is
//! written, and everything is escaped: a document is text, never HTML.

use maud::{Markup, html};

/// One piece of a document.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    Heading(usize, String),
    Paragraph(String),
    List { numbered: bool, items: Vec<String> },
}

/// The document as HTML. Its first heading becomes a second-level one: the page has its own.
pub(super) fn render(text: &str) -> Markup {
    html! {
        @for block in blocks(text) {
            @match block {
                Block::Heading(1, text) => h2 { (bold(&text)) },
                Block::Heading(_, text) => h3 { (bold(&text)) },
                Block::Paragraph(text) => p { (bold(&text)) },
                Block::List { numbered: true, items } => ol { @for item in items { li { (bold(&item)) } } },
                Block::List { numbered: false, items } => ul { @for item in items { li { (bold(&item)) } } },
            }
        }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut after_gap = true;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            after_gap = true;
            continue;
        }
        let level = trimmed.chars().take_while(|letter| *letter == '#').count();
        if (1..=6).contains(&level) && trimmed[level..].starts_with(' ') {
            blocks.push(Block::Heading(level, trimmed[level..].trim().to_owned()));
            after_gap = true;
            continue;
        }
        match item(trimmed) {
            Some((numbered, content)) => add_item(&mut blocks, numbered, content),
            None => continue_with(&mut blocks, line, after_gap),
        }
        after_gap = false;
    }
    blocks
}

/// The text of a line that begins an item, and whether the list is numbered.
fn item(line: &str) -> Option<(bool, &str)> {
    if let Some(content) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some((false, content.trim()));
    }
    let (number, content) = line.split_once(". ")?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((true, content.trim()))
}

fn add_item(blocks: &mut Vec<Block>, wanted: bool, content: &str) {
    match blocks.last_mut() {
        Some(Block::List { numbered, items }) if *numbered == wanted => items.push(content.to_owned()),
        _ => blocks.push(Block::List { numbered: wanted, items: vec![content.to_owned()] }),
    }
}

/// A line that begins nothing goes on with what stands above it, unless a gap lies between.
fn continue_with(blocks: &mut Vec<Block>, line: &str, after_gap: bool) {
    let text = line.trim();
    let indented = line.starts_with([' ', '\t']);
    match blocks.last_mut() {
        Some(Block::Paragraph(paragraph)) if !after_gap => {
            paragraph.push(' ');
            paragraph.push_str(text);
        }
        Some(Block::List { items, .. }) if !after_gap || indented => {
            if let Some(last) = items.last_mut() {
                last.push(' ');
                last.push_str(text);
            }
        }
        _ => blocks.push(Block::Paragraph(text.to_owned())),
    }
}

/// `**bold**`; a lone pair of stars stays what it is.
fn bold(text: &str) -> Markup {
    let parts: Vec<&str> = text.split("**").collect();
    let closed = parts.len() % 2 == 1;
    html! {
        @for (place, part) in parts.iter().enumerate() {
            @if place % 2 == 0 { (part) }
            @else if closed || place + 1 < parts.len() { strong { (part) } }
            @else { "**" (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headings_paragraphs_lists_and_bold_are_what_they_look_like() {
        let text = "# Terms\n\nOne line\nand **two**.\n\n1. First\n   goes on.\n2. Second\n\n- a\n- b\n\n## More\nend";
        insta::assert_snapshot!(render(text).into_string(), @"<h2>Terms</h2><p>One line and <strong>two</strong>.</p><ol><li>First goes on.</li><li>Second</li></ol><ul><li>a</li><li>b</li></ul><h3>More</h3><p>end</p>");
    }

    #[test]
    fn what_is_not_closed_is_left_alone() {
        assert_eq!(render("a ** b").into_string(), "<p>a ** b</p>");
        assert_eq!(render("#hashtag").into_string(), "<p>#hashtag</p>");
    }

    proptest! {
        #[test]
        fn no_document_gets_markup_of_its_own_into_the_page(text in "[ -~\n]{0,200}") {
            let page = render(&format!("{text}<script>{text}")).into_string();
            let ours = ["h2", "h3", "p", "ol", "ul", "li", "strong"];
            for piece in page.split('<').skip(1) {
                let name = piece.split('>').next().unwrap_or_default().trim_start_matches('/');
                prop_assert!(ours.contains(&name), "{name:?} in {page}");
            }
        }
    }
}
