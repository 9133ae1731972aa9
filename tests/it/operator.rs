//! `portcullis keys`, through the built binary.

use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::{Server, postmaster, run};

/// Columns of each key in the list.
fn rows(list: &str) -> Vec<Vec<&str>> {
    list.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_and_rotated_by_command() {
    let database = TestDatabase::new().await;
    let environment = [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET)];
    let keys = |arguments: &[&str]| {
        let (status, said, errors) = run(&[&["keys"], arguments].concat(), &environment);
        assert!(status.success(), "{said}{errors}");
        said
    };
    let (status, _, errors) = run(&["keys", "list"], &environment);
    assert!(!status.success() && errors.contains("portcullis migrate"), "it upgrades nothing: {errors}");
    run(&["migrate"], &environment);
    assert!(keys(&["list"]).contains("no keys yet"));
    let (status, _, errors) = run(&["keys", "rotate"], &environment);
    assert!(!status.success() && errors.contains("no keys yet"), "{errors}");

    let server = Server::start(&environment);
    let ada = server.client().register("ada@example.com").await;
    let list = keys(&["list"]);
    assert!(list.starts_with("KID ") && list.contains("  ALGORITHM  STATE     CREATED "), "{list}");
    let first = rows(&list);
    assert_eq!(first.len(), 1, "{list}");
    assert_eq!((first[0][1], first[0][2], first[0][5]), ("EdDSA", "active", "-"));
    assert_eq!(jsonwebtoken::decode_header(ada.access_token()).expect("a header").kid.as_deref(), Some(first[0][0]));

    assert!(keys(&["rotate", "--signing-algorithm=RS256"]).starts_with("Made the key "));
    let again = keys(&["rotate"]);
    assert!(again.starts_with("Made none: the key ") && again.contains("(RS256) is there already"), "{again}");
    let list = keys(&["list"]);
    let both = rows(&list);
    assert_eq!(both.iter().map(|row| row[2]).collect::<Vec<_>>(), ["active", "upcoming"], "{list}");
    assert!(both[0][5].ends_with('Z') && both[0][5] > both[1][4], "the old one is gone a day after: {list}");

    let now = keys(&["rotate", "--now"]);
    assert!(now.contains("deleted 2"), "{now}");
    let list = keys(&["list"]);
    assert_eq!(rows(&list).iter().map(|row| (row[1], row[2])).collect::<Vec<_>>(), [("EdDSA", "active")], "{list}");
    server.stop();
    let server = Server::start(&environment);
    assert_eq!(server.client().with_token(ada.access_token()).is_signed_in().await, Err("TOKEN_INVALID".into()));
    server.client().login("ada@example.com").await;
    server.stop();

    let wrong =
        [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", "a secret that opens nothing, 32 bytes")];
    for arguments in [&["keys", "rotate"][..], &["keys", "rotate", "--now"]] {
        let (status, _, errors) = run(arguments, &wrong);
        assert!(!status.success() && errors.contains("PORTCULLIS_SECRET does not open the keys"), "{errors}");
    }
    assert_eq!(keys(&["list"]), list);
}

#[test]
fn keys_of_the_private_database_are_listed_and_it_is_stopped_again() {
    let dir = watched_dir("operator");
    let environment = [("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8"))];
    Server::private(&dir).stop();
    let (status, list, errors) = run(&["keys", "list"], &environment);
    assert!(status.success() && rows(&list).len() == 1, "{list}{errors}");
    assert!(!errors.contains("WARN"), "nothing is missed at the end of a command: {errors}");
    assert_eq!(postmaster(&dir), None);
}

#[test]
fn the_help_of_a_rotation_says_what_it_costs() {
    let (status, help, _) = run(&["keys", "rotate", "--help"], &[]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status.success() && help.contains("Every access token in the field is void"), "{help}");
}
