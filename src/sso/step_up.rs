//! How strongly and how lately somebody has to have signed in at the provider, asked for and checked in the answer.

use super::{
    TokenFault,
    error::quoted,
    jws::{LEEWAY, seconds},
};
use crate::model::{Instant, OidcSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a sign-in asks for, and what its answer has to show. Providers are free to ignore what is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUp {
    /// The answer's `acr` has to be one of these. Empty: it may be any.
    pub acr_values: Vec<String>,
    /// How many seconds ago the person may have signed in there at most. None: it does not matter.
    pub max_age: Option<u32>,
}

impl StepUp {
    /// What a connection asks of every sign-in.
    #[must_use]
    pub fn of(settings: &OidcSettings) -> Self {
        Self { acr_values: settings.acr_values.clone(), max_age: settings.max_age }
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.acr_values.is_empty() && self.max_age.is_none()
    }

    /// What is asked for by both; none, if no answer could satisfy the two.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let acr_values = match (self.acr_values.as_slice(), other.acr_values.as_slice()) {
            (one, []) | ([], one) => one.to_vec(),
            (one, other) => {
                let both: Vec<_> = one.iter().filter(|class| other.contains(class)).cloned().collect();
                if both.is_empty() {
                    return None;
                }
                both
            }
        };
        let max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        Some(Self { acr_values, max_age })
    }

    /// Whether a sign-in that was done so, at that time, is enough. What is not known was not done.
    #[must_use]
    pub fn is_met_by(&self, acr: Option<&str>, at: Option<Instant>, now: Instant) -> bool {
        let strong = self.acr_values.is_empty() || acr.is_some_and(|acr| self.acr_values.iter().any(|one| one == acr));
        let age = at.map(|at| now.seconds().saturating_sub(at.seconds()));
        // A time to come is a mistake of somebody's clock or unit, and would be young for ever.
        let young = |most: u32| age.is_some_and(|age| (-LEEWAY..=i64::from(most) + LEEWAY).contains(&age));
        strong && self.max_age.is_none_or(young)
    }

    /// OpenID Connect Core §3.1.3.7, steps 12 and 13. What was asked for and is not answered was not done.
    pub(super) fn check(&self, claims: &Map<String, Value>, now: Instant) -> Result<(), TokenFault> {
        if !self.acr_values.is_empty() {
            let acr = claims.get("acr").and_then(Value::as_str);
            if !acr.is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr)) {
                return Err(TokenFault::AuthenticationClass {
                    wanted: self.acr_values.join(", "),
                    found: quoted(acr.unwrap_or_default()),
                });
            }
        }
        let signed_in = seconds(claims, "auth_time")?;
        if let Some(max_age) = self.max_age {
            let signed_in = signed_in.ok_or(TokenFault::AuthenticationTime { max_age })?;
            let age = now.seconds().saturating_sub(signed_in);
            if age > i64::from(max_age) + LEEWAY || age < -LEEWAY {
                return Err(TokenFault::AuthenticationTime { max_age });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Instant = Instant(1_795_248_000_000_000);

    fn check(asked: &StepUp, claims: &Value) -> Result<(), TokenFault> {
        asked.check(claims.as_object().expect("an object"), NOW)
    }

    #[test]
    fn what_was_asked_for_and_not_answered_was_not_done() {
        let asked = StepUp { acr_values: vec!["mfa".into(), "phr".into()], max_age: None };
        assert_eq!(check(&asked, &json!({"acr": "phr"})), Ok(()));
        for claims in [json!({}), json!({"acr": "0"}), json!({"acr": ["mfa"]}), json!({"acr": "mfa phr"})] {
            assert!(matches!(check(&asked, &claims), Err(TokenFault::AuthenticationClass { .. })), "{claims}");
        }
    }

    #[test]
    fn a_sign_in_of_long_ago_or_of_tomorrow_is_not_fresh() {
        let asked = StepUp { acr_values: Vec::new(), max_age: Some(300) };
        let at = |seconds: i64| json!({"auth_time": NOW.seconds() + seconds});
        for seconds in [0, -300, -360, 60] {
            assert_eq!(check(&asked, &at(seconds)), Ok(()), "{seconds}");
        }
        for claims in [at(-361), at(61), json!({}), json!({"auth_time": i64::MIN})] {
            assert_eq!(check(&asked, &claims), Err(TokenFault::AuthenticationTime { max_age: 300 }), "{claims}");
        }
        assert!(matches!(check(&asked, &json!({"auth_time": "now"})), Err(TokenFault::Malformed(_))));
        assert_eq!(check(&StepUp::default(), &json!({})), Ok(()));
    }

    fn asked(classes: &[&str], max_age: Option<u32>) -> StepUp {
        StepUp { acr_values: classes.iter().map(|class| (*class).to_owned()).collect(), max_age }
    }

    #[test]
    fn two_demands_are_one_that_satisfies_both_or_none() {
        let both = asked(&["mfa", "phr"], Some(60)).and(&asked(&["phr", "phrh"], Some(30)));
        assert_eq!(both, Some(asked(&["phr"], Some(30))));
        assert_eq!(asked(&["mfa"], None).and(&StepUp::default()), Some(asked(&["mfa"], None)));
        assert_eq!(StepUp::default().and(&asked(&["mfa"], Some(9))), Some(asked(&["mfa"], Some(9))));
        assert_eq!(asked(&["mfa"], None).and(&asked(&["phr"], None)), None, "no answer could satisfy the two");
    }

    #[test]
    fn a_session_is_enough_only_by_what_is_known_of_it() {
        let ago = |seconds: i64| Some(Instant(NOW.0 - seconds * 1_000_000));
        let strong = asked(&["mfa", "phr"], None);
        assert!(strong.is_met_by(Some("phr"), None, NOW));
        assert!(!strong.is_met_by(None, ago(0), NOW) && !strong.is_met_by(Some("pwd"), ago(0), NOW));
        let late = asked(&[], Some(300));
        assert!(late.is_met_by(None, ago(0), NOW) && late.is_met_by(None, ago(360), NOW));
        assert!(!late.is_met_by(Some("phr"), None, NOW) && !late.is_met_by(None, ago(361), NOW));
        let in_milliseconds = Some(Instant(NOW.0 * 1_000));
        assert!(!late.is_met_by(None, in_milliseconds, NOW));
        assert!(!asked(&["phr"], Some(300)).is_met_by(Some("phr"), ago(361), NOW));
        assert!(StepUp::default().is_met_by(None, None, NOW) && StepUp::default().is_nothing());
    }
}
