use super::*;

fn refusal(why: Why) -> Unopened {
    Unopened::for_test(why)
}

/// Callers in the queue and connections that are open, as a pool has them.
fn supply(size: usize, waiting: usize) -> Supply {
    let mut supply = Supply::new(size);
    (0..waiting).for_each(|_| supply.begin_wait());
    supply
}

/// Opens as many as it may, of a server that gives `limit`. Returns how many there are.
fn open(supply: &mut Supply, mut open: usize, limit: usize, now: Instant) -> usize {
    while supply.begin_opening(open, now) {
        if open < limit {
            open += 1;
            supply.opened(open, now);
        } else {
            assert!(!supply.failed(refusal(Why::TooMany), open, now), "it waits for those there are");
        }
    }
    open.min(supply.most)
}

#[test]
fn after_a_refusal_fewer_are_held_and_one_more_is_tried_now_and_then() {
    let (mut supply, mut now) = (supply(16, 40), moment());
    let mut held = open(&mut supply, 0, 8, now);
    assert_eq!(held, 6, "two are given back");
    assert_eq!(open(&mut supply, held, 8, now), 6, "and none is tried at once");
    let mut seen = Vec::new();
    for _ in 0..8 {
        now += GROWTH;
        held = open(&mut supply, held, 8, now);
        seen.push(held);
    }
    assert_eq!(seen, [7, 8, 6, 7, 8, 6, 7, 8]);
    assert!(supply.told.is_some(), "the operator knows it already");
}

#[test]
fn a_limit_that_is_raised_is_found_and_then_all_are_used() {
    let (mut supply, mut now) = (supply(16, 40), moment());
    let mut held = open(&mut supply, 0, 4, now);
    assert_eq!(held, 2);
    let mut seen = Vec::new();
    for _ in 0..6 {
        now += GROWTH;
        held = open(&mut supply, held, 100, now);
        seen.push(held);
    }
    assert_eq!(seen, [3, 4, 5, 6, 7, 16], "several at once when it is sure that there are more than then");
    assert!(supply.told.is_none());
}

#[test]
fn a_refusal_is_judged_when_all_that_were_begun_with_it_have_come_or_not() {
    let begun = |open: usize| {
        let (mut supply, now) = (supply(16, 40), moment());
        assert_eq!((0..16).filter(|_| supply.begin_opening(open, now)).count(), AT_ONCE);
        (supply, now)
    };
    let (mut supply, now) = begun(8);
    assert!(!supply.opened(9, now) && !supply.failed(refusal(Why::TooMany), 9, now));
    assert!(!supply.begin_opening(9, now), "none is begun until it is judged");
    assert!(!supply.failed(refusal(Why::TooMany), 9, now));
    assert!(supply.told.is_none() && !supply.failed(refusal(Why::TooMany), 9, now));
    assert_eq!((supply.most, supply.refused_at, supply.opening), (7, 9, 0));

    // The refusal may be the first that is heard of.
    let (mut supply, now) = begun(0);
    assert!(!supply.opened(1, now) && !supply.failed(refusal(Why::TooMany), 1, now));
    assert!(!supply.opened(2, now));
    assert!(supply.told.is_none() && supply.opened(3, now), "fewer are held");
    assert_eq!((supply.most, supply.refused_at, supply.opening), (1, 3, 0));
    assert!(supply.told.is_some());
}

#[test]
fn one_of_which_nothing_is_heard_is_not_on_its_way_for_ever() {
    let (mut supply, now) = (supply(16, 40), moment());
    while supply.begin_opening(8, now) {}
    supply.failed(refusal(Why::TooMany), 8, now);
    (1..AT_ONCE).for_each(|_| supply.lost());
    assert!(supply.begin_opening(8, now));
}

#[test]
fn one_is_held_however_few_there_are() {
    let (mut supply, now) = (supply(16, 40), moment());
    assert_eq!(open(&mut supply, 0, 1, now), 1);
    assert!(supply.allows(1) && !supply.allows(2));
}

#[test]
fn while_nothing_can_be_opened_one_at_a_time_tries_and_ever_more_seldom() {
    let (mut supply, now) = (supply(16, 40), moment());
    assert!(supply.begin_opening(0, now) && supply.begin_opening(0, now));
    assert!(!supply.failed(refusal(Why::Away), 0, now), "the other goes on");
    assert!(supply.failed(refusal(Why::Away), 0, now), "nobody else does");
    assert!(!supply.begin_opening(0, now), "nor begins");
    let mut pauses = Vec::new();
    for _ in 0..8 {
        pauses.push(supply.pause().as_millis());
        supply.failed(refusal(Why::Away), 0, now);
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000, 1000, 1000]);
}

#[test]
fn waiting_is_in_vain_when_it_mends_nothing_or_has_taken_long() {
    let (limit, now) = (Duration::from_secs(5), moment());
    let after = |why: Why, open: usize, passed: Duration| {
        let mut supply = supply(16, 1);
        assert!(supply.begin_opening(open, now));
        supply.failed(refusal(why), open, now);
        supply.failed(refusal(why), open, now + passed);
        supply.is_hopeless(open, limit, now + passed).is_some()
    };
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(6));
    assert_eq!([after(Why::Wrong, 0, short), after(Why::Wrong, 1, short)], [true, false]);
    assert_eq!(
        [after(Why::Away, 0, short), after(Why::Away, 0, long), after(Why::Away, 1, long)],
        [false, true, false]
    );
    assert_eq!([after(Why::TooMany, 0, short), after(Why::TooMany, 0, long)], [false, false]);
}
