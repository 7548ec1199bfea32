//! Tables that spreadsheets open: no cell is a formula, whatever a stranger called themselves.

/// One line. RFC 4180 §2: fields in quotation marks, a quotation mark as two, lines that end with CRLF.
#[must_use]
pub fn csv_line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell_of(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A spreadsheet takes a cell for a formula that begins with one of these, also behind blanks: it gets an apostrophe before it.
fn cell_of(text: &str) -> String {
    let first = text.trim_start().chars().next();
    let starts_a_formula =
        first.is_some_and(|first| matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    let is_control = text.chars().next().is_some_and(|first| matches!(first, '\t' | '\r' | '\n'));
    let mark = if starts_a_formula || is_control { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_no_cell_breaks_out_of_its_quotation_marks() {
        for (text, cell) in [
            ("Ada", "\"Ada\""),
            ("", "\"\""),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("\t=1", "\"'\t=1\""),
            ("\rx", "\"'\rx\""),
            ("＝1", "\"'＝1\""),
            ("a\"b", "\"a\"\"b\""),
            ("a,b\r\nc", "\"a,b\r\nc\""),
        ] {
            assert_eq!(cell_of(text), cell);
        }
        assert_eq!(csv_line(&["a".to_owned(), "=b".to_owned()]), "\"a\",\"'=b\"\r\n");
    }

    #[test]
    fn a_cell_is_a_text_whatever_is_in_it() {
        let cells = ["a", "b \"c\"", "=1+1", "x, y"].map(str::to_owned);
        assert_eq!(csv_line(&cells), "\"a\",\"b \"\"c\"\"\",\"'=1+1\",\"x, y\"\r\n");
    }
}
