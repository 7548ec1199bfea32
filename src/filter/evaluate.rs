use super::*;
impl Filter {
    /// Whether it matches.
    #[must_use]
    pub fn matches(&self, resource: &serde_json::Value, kinds: &dyn AttributeKinds) -> bool {
        let _ = (resource, kinds);
        false
    }
}
