//! Roles that people gave: where a new one holds, and how one is taken away. What one act gave at several clusters is one line.

use super::{
    role_changes,
    words::{place, places, role_name},
};
use crate::{
    app::{Names, RoleChange},
    model::{Binding, Cluster},
};
use maud::{Markup, html};

/// Where a role holds: clusters to tick, as many as one likes. None: the whole organization.
pub(super) fn where_field(clusters: &[Cluster]) -> Markup {
    html! {
        @if clusters.is_empty() {
            p class="hint" { "It holds in the whole organization: no cluster is declared." }
        } @else {
            fieldset {
                legend { "Where" }
                p class="hint" { "Nothing chosen: the role holds in the whole organization." }
                @for cluster in clusters {
                    label class="check" { input type="checkbox" name="cluster" value=(cluster.id); span dir="auto" { "Cluster " (cluster.slug) } }
                }
            }
        }
    }
}

/// “Viewer of clusters prod-eu and prod-us”
pub(super) fn title(act: &[&Binding], names: &Names) -> String {
    let role = act.first().map_or("", |first| role_name(&first.terms.role, names));
    format!("{role} of {}", places(act.iter().map(|binding| &binding.terms.scope), names))
}

/// The ways to take it away: all of it, or at one of several places alone.
pub(super) fn take_away(act: &[&Binding], names: &Names) -> Markup {
    let take = |binding: &Binding, together| {
        role_changes::address(&RoleChange::Take { binding: binding.id.clone(), together })
    };
    html! {
        @if let Some(first) = act.first() {
            div class="acts" {
                a class="button danger little" href=(take(first, act.len() > 1)) {
                    "Take away…" span class="unseen" { " " (title(act, names)) }
                }
                @if act.len() > 1 {
                    details class="more" {
                        summary { "Only one of them" span class="unseen" { ": " (title(act, names)) } }
                        @for one in act {
                            p { a class="button danger little" href=(take(one, false)) { "Take away on " (place(&one.terms.scope, names)) " alone…" } }
                        }
                    }
                }
            }
        }
    }
}
