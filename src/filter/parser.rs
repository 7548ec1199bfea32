use super::*;
/// Reads a filter.
pub fn parse(text: &str, dialect: Dialect) -> Result<Filter, FilterError> {
    let _ = dialect;
    Ok(Node::Present(text.parse()?).into())
}
