//! Whether a request went through a route of the registry.

/// Whether `METHOD /path/{id}` is the door of this request.
pub(crate) fn leads(door: &str, method: &str, path: &str) -> bool {
    let Some((of, template)) = door.split_once(' ') else { return false };
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(part, said): (&&str, &&str)| part.starts_with('{') || part == said;
    of == method && template.len() == path.len() && template.iter().zip(&path).all(fits)
}
