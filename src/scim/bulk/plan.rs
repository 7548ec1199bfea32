//! The order in which operations are done.

use super::Bulk;
use std::collections::BTreeSet;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An operation. References to these bulkIds are left out: theirs are not made yet, and wait for this one.
    Do {
        /// Its place in the request.
        operation: usize,
        /// What is left out.
        without: BTreeSet<String>,
    },
    /// What was left out of an operation can be put in now.
    Complete {
        /// Its place in the request.
        operation: usize,
    },
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    /// What it refers to is being planned.
    Begun,
    Planned,
}

impl Bulk {
    /// The steps: the order of the request, except that what is referred to is made before it is needed.
    ///
    /// RFC 7644 §3.7.1: "The service provider MUST try to resolve circular cross-references". In a circle one has to be made
    /// without the other, and is completed as soon as that is there.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let needs = self.needs();
        let mut progress = vec![Progress::Untouched; needs.len()];
        let mut without = vec![BTreeSet::new(); needs.len()];
        let (mut steps, mut waiting) = (Vec::with_capacity(needs.len()), Vec::new());
        for root in 0..needs.len() {
            if progress[root] != Progress::Untouched {
                continue;
            }
            progress[root] = Progress::Begun;
            // An explicit stack: a thousand operations may each refer to the next.
            let mut stack = vec![(root, 0)];
            while let Some((operation, next)) = stack.last_mut() {
                let operation = *operation;
                if let Some(need) = needs[operation].get(*next).copied() {
                    *next += 1;
                    match progress[need] {
                        Progress::Untouched => {
                            progress[need] = Progress::Begun;
                            stack.push((need, 0));
                        }
                        Progress::Begun => drop(without[operation].insert(need)),
                        Progress::Planned => {}
                    }
                    continue;
                }
                stack.pop();
                progress[operation] = Progress::Planned;
                let missing: BTreeSet<usize> = std::mem::take(&mut without[operation]);
                let names = missing.iter().filter_map(|index| self.operations.get(*index)?.bulk_id.clone());
                steps.push(Step::Do { operation, without: names.collect() });
                if !missing.is_empty() {
                    waiting.push((operation, missing));
                }
                waiting.retain(|(operation, missing)| {
                    let ready = missing.iter().all(|index| progress[*index] == Progress::Planned);
                    if ready {
                        steps.push(Step::Complete { operation: *operation });
                    }
                    !ready
                });
            }
        }
        steps
    }

    /// For each operation the operations that make what it refers to.
    fn needs(&self) -> Vec<Vec<usize>> {
        let makers = self.makers();
        let needs = |operation: &super::BulkOperation| {
            let mut needs = Vec::new();
            if let Ok(asked) = &operation.asked {
                asked.references(&mut |id| needs.extend(makers.get(id)));
            }
            needs
        };
        self.operations.iter().map(needs).collect()
    }
}
