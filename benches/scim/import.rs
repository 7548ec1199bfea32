//! The first import of a directory: how long it takes until everybody is there, and in their groups.

use super::{
    PROGRAM, Recorded, Size,
    gateway::Failure,
    ground::Ground,
    line, load,
    rows::{self, Rows},
};
use tokio::runtime::Runtime;

/// Connections over which it comes.
const CONNECTIONS: usize = 8;

/// One import, and the same rows written bare, in seconds.
struct Import {
    /// People, and groups.
    served: [f64; 2],
    bare: [f64; 2],
}

impl Import {
    fn sum(times: [f64; 2]) -> f64 {
        times.iter().sum()
    }

    fn ratio(&self) -> f64 {
        Self::sum(self.served) / Self::sum(self.bare)
    }
}

/// At most half as long again as the bare writer takes for the same rows.
pub fn measure(on: (&Runtime, &Ground), recorded: &Recorded, size: &Size) -> Result<(), Failure> {
    const MOST: f64 = 1.5;
    // In turns, so that what else the machine does falls on both; the middle one is told.
    let mut imports = (0..size.rounds).map(|_| once(on, recorded, size)).collect::<Result<Vec<_>, _>>()?;
    imports.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let import = imports.get(size.rounds / 2).ok_or("no round was asked for")?;
    let name = format!("first sync: {} people, {} groups of {}", size.people, size.groups, size.members);
    let [served, bare] = [import.served, import.bare].map(|times| format!("{:.2} s", Import::sum(times)));
    line(&name, (served, bare), import.ratio(), import.ratio() <= MOST);
    for ((what, served), bare) in ["people", "groups"].iter().zip(import.served).zip(import.bare) {
        println!("  its {what}: {served:.2} s, bare {bare:.2} s");
    }
    Ok(())
}

fn once((runtime, ground): (&Runtime, &Ground), recorded: &Recorded, size: &Size) -> Result<Import, Failure> {
    let bare = ground.bare(runtime)?;
    let people: Vec<Rows> =
        (0..size.people).map(|number| rows::copy(&recorded.user, number, std::iter::empty())).collect();
    let ids: Vec<String> = people.iter().filter_map(rows::id_in).collect();
    let groups = (0..size.groups)
        .map(|number| rows::copy(&recorded.group, number, members_of(&ids, number, size.members).into_iter()))
        .collect();
    let bare_users = runtime.block_on(rows::write(&bare.store, people, CONNECTIONS))?;
    let bare_groups = runtime.block_on(rows::write(&bare.store, groups, CONNECTIONS))?;

    let place = ground.place(runtime)?;
    let gateway = place.start(PROGRAM)?;
    let at = (gateway.address, place.token.as_str());
    let bodies: Vec<String> = (0..size.people).map(|number| load::person(&format!("{number:08}"))).collect();
    let (users, ids) = load::post(at, "/scim/v2/Users", &bodies, CONNECTIONS)?;
    let bodies: Vec<String> = (0..size.groups)
        .map(|number| load::group(&format!("team {number:08}"), &members_of(&ids, number, size.members)))
        .collect();
    let (groups, _) = load::post(at, "/scim/v2/Groups", &bodies, CONNECTIONS)?;
    Ok(Import {
        served: [users, groups].map(|time| time.as_secs_f64()),
        bare: [bare_users, bare_groups].map(|time| time.as_secs_f64()),
    })
}

/// Who is in a group: people from all over the directory.
fn members_of(ids: &[String], group: usize, count: usize) -> Vec<String> {
    (0..count).filter_map(|place| ids.get((group * 131 + place * 7) % ids.len()).cloned()).collect()
}
