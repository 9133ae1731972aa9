//! Which accounts need a second factor.

use portcullis::config::SecondFactorPolicy;

use crate::support::app::settings;

fn checked(flags: &[&str]) -> Result<SecondFactorPolicy, String> {
    let config = settings(&[&["--data-dir=/x"], flags].concat()).check();
    config.map(|config| config.second_factors).map_err(|faults| faults.to_string())
}

#[test]
fn none_does_unless_it_is_set() {
    assert_eq!(checked(&[]).expect("settings"), SecondFactorPolicy { of_all: false, roles: Vec::new() });
    assert!(checked(&["--second-factor=Required"]).expect("settings").of_all);
    assert!(!checked(&["--second-factor=optional"]).expect("settings").of_all);
    let policy = checked(&["--second-factor-roles= admin,,Support:eu ,größe-1"]).expect("settings");
    assert_eq!((policy.of_all, policy.roles), (false, ["admin", "Support:eu", "größe-1"].map(str::to_owned).to_vec()));
}

/// A mistake must not leave the accounts unprotected that it was meant for.
#[test]
fn what_is_no_choice_or_no_role_is_a_fault_at_start() {
    for choice in ["on", "true", "require", "required,admin"] {
        let faults = checked(&[&format!("--second-factor={choice}")]).expect_err("a fault");
        assert!(faults.contains("is not optional or required"), "{choice}: {faults}");
    }
    for roles in ["admin support", "admin;support", "*", "\"admin\"", "'admin'", "[admin]", "{admin}", "admin\u{200b}"]
    {
        let faults = checked(&[&format!("--second-factor-roles={roles}")]).expect_err("a fault");
        assert!(
            faults.contains("PORTCULLIS_SECOND_FACTOR_ROLES: ") && faults.contains("is no role"),
            "{roles}: {faults}"
        );
    }
    let faults = checked(&["--second-factor-roles=,"]).expect_err("a fault");
    assert!(faults.contains("PORTCULLIS_SECOND_FACTOR_ROLES: it names no role"), "{faults}");
    let faults = checked(&["--second-factor-roles=admin,*", "--second-factor=no"]).expect_err("faults");
    assert!(faults.contains("is not optional or required") && faults.contains("is no role"), "all are told: {faults}");
}
