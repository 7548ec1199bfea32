//! The table of the built-in roles, printed from code.

use crate::model::{BuiltInRole, Capability};

/// What each built-in role may do, as the table that people know: one line for each area.
#[must_use]
pub fn capability_table() -> String {
    use Capability as C;
    let areas: [(&str, &[(Capability, &str)]); 6] = [
        ("Cluster management", &[(C::ManageClusters, "full"), (C::ViewClusters, "view")]),
        ("Billing access", &[(C::AccessBilling, "full"), (C::ViewBilling, "view")]),
        ("Cost monitoring", &[(C::MonitorCosts, "full"), (C::ViewCosts, "view")]),
        ("Organization management", &[(C::ManageOrganization, "yes")]),
        ("Invite/remove members", &[(C::ManageMembers, "yes")]),
        ("Service-account key creation", &[(C::CreateServiceAccountKeys, "yes")]),
    ];
    let cells = |first: &str, cell: &dyn Fn(BuiltInRole) -> &'static str| {
        let [owner, member, analyst, viewer] = BuiltInRole::ALL.map(cell);
        format!("{first:<30}{owner:<9}{member:<9}{analyst:<9}{viewer}")
    };
    let mut table = vec![cells("", &BuiltInRole::name)];
    for (area, levels) in areas {
        table.push(cells(area, &|role| {
            let held = levels.iter().find(|(capability, _)| role.capabilities().contains(capability));
            held.map_or("–", |(_, level)| level)
        }));
    }
    table.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy itself, for a reviewer to read in a diff.
    #[test]
    fn the_built_in_roles_are_these() {
        insta::assert_snapshot!(capability_table(), @r"
                                      owner    member   analyst  viewer
        Cluster management            full     full     view     view
        Billing access                full     view     view     view
        Cost monitoring               full     full     full     view
        Organization management       yes      –        –        –
        Invite/remove members         yes      –        –        –
        Service-account key creation  yes      –        –        –
        ");
    }

    #[test]
    fn every_capability_stands_in_the_table() {
        let owner = BuiltInRole::Owner.capabilities();
        for capability in Capability::ALL {
            assert!(owner.contains(&capability), "{capability}");
        }
    }
}
