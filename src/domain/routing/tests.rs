use proptest::prelude::*;

use super::*;

fn standing(key: &str) -> Standing {
    Standing {
        key: key.to_owned(),
        away: false,
        at_work: true,
        deputy: None,
        capacity: None,
        load: Load::default(),
        turn: 0,
    }
}

fn team(keys: &[&str]) -> Vec<Standing> {
    keys.iter().map(|key| standing(key)).collect()
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn rep(choice: &Choice) -> (&str, Why, Option<&str>) {
    match choice {
        Choice::Rep(chosen) => (&chosen.rep, chosen.why, chosen.instead_of.as_deref()),
        other => panic!("{other:?}"),
    }
}

/// Chooses, and gives the turn and the load to whoever is chosen.
fn give(team: &mut [Standing], how: Choose, case: &Case<'_>) -> Option<String> {
    let Choice::Rep(chosen) = choose(team, how, case) else { return None };
    let turn = team.iter().map(|rep| rep.turn).max().unwrap_or(0) + 1;
    let rep = team.iter_mut().find(|rep| rep.key == chosen.rep)?;
    rep.turn = turn;
    rep.load.all += 1;
    rep.load.scored += i64::from(case.takes_place);
    Some(chosen.rep)
}

#[test]
fn who_is_named_comes_first_then_the_owner_then_who_has_a_colleague_then_the_route() {
    let team = team(&["kim", "tarek", "lee", "zoe", "svenja"]);
    let (colleagues, route) = (keys(&["gone", "lee"]), keys(&["zoe"]));
    let whole = Case {
        named: Some("kim"),
        owner: Some("tarek"),
        colleagues: &colleagues,
        route: &route,
        head: Some("svenja"),
        takes_place: false,
    };
    let chosen = |case: Case<'_>| choose(&team, Choose::RoundRobin, &case);
    assert_eq!(rep(&chosen(whole)), ("kim", Why::Named, None));
    let case = Case { named: None, ..whole };
    assert_eq!(rep(&chosen(case)), ("tarek", Why::Owner, None));
    let case = Case { owner: Some("gone"), ..case };
    assert_eq!(rep(&chosen(case)), ("lee", Why::Colleague, None), "who is no longer in the team has nobody");
    let case = Case { colleagues: &[], ..case };
    assert_eq!(rep(&chosen(case)), ("zoe", Why::Turn, None));
    let case = Case { route: &[], ..case };
    assert_eq!(rep(&chosen(case)), ("svenja", Why::Head, None));
    assert_eq!(chosen(Case { head: None, ..case }), Choice::Nobody);
}

#[test]
fn a_deputy_stands_in_and_their_deputy_for_them() {
    let mut team = team(&["kim", "tarek", "lee", "svenja"]);
    team[0].away = true;
    team[0].deputy = Some("tarek".into());
    let route = keys(&["kim", "lee"]);
    let owned = Case { owner: Some("kim"), route: &route, head: Some("svenja"), ..Case::default() };
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &owned)), ("tarek", Why::Owner, Some("kim")));
    team[1].away = true;
    team[1].deputy = Some("lee".into());
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &owned)), ("lee", Why::Owner, Some("kim")));
    team[2].away = true;
    team[2].deputy = Some("kim".into());
    let choice = choose(&team, Choose::RoundRobin, &owned);
    assert_eq!(rep(&choice), ("svenja", Why::Head, None), "a circle of those who are away ends");
    team[3].away = true;
    let choice = choose(&team, Choose::RoundRobin, &owned);
    assert_eq!(rep(&choice), ("svenja", Why::Head, None), "somebody has to know");
}

#[test]
fn the_own_place_of_a_deputy_is_the_only_one() {
    let mut team = team(&["kim", "tarek"]);
    team[0].away = true;
    team[0].deputy = Some("tarek".into());
    let route = keys(&["kim", "tarek"]);
    let case = Case { route: &route, ..Case::default() };
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &case)), ("tarek", Why::Turn, None));
}

#[test]
fn who_is_at_work_is_preferred_and_a_place_more_so() {
    let mut team = team(&["kim", "tarek"]);
    team[0].at_work = false;
    team[1].turn = 7;
    let route = keys(&["kim", "tarek"]);
    let case = Case { route: &route, takes_place: true, ..Case::default() };
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &case)).0, "tarek", "although it is kim's turn");
    team[1].capacity = Some(1);
    team[1].load.scored = 1;
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &case)).0, "kim");
    team[0].capacity = Some(0);
    let full = Choice::Full(keys(&["kim", "tarek"]));
    assert_eq!(choose(&team, Choose::RoundRobin, &case), full);
    let reply = Case { takes_place: false, ..case };
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &reply)).0, "tarek", "a reply knows no bounds");
}

#[test]
fn an_owner_who_is_full_is_waited_for() {
    let mut team = team(&["kim", "tarek"]);
    team[0].capacity = Some(3);
    team[0].load = Load { all: 5, scored: 3 };
    let route = keys(&["kim", "tarek"]);
    let case = Case { owner: Some("kim"), route: &route, takes_place: true, ..Case::default() };
    assert_eq!(choose(&team, Choose::RoundRobin, &case), Choice::Full(keys(&["kim"])));
}

#[test]
fn the_least_loaded_has_the_fewest_of_all_kinds() {
    let mut team = team(&["kim", "tarek"]);
    team[0].load = Load { all: 3, scored: 0 };
    team[1].load = Load { all: 2, scored: 2 };
    let route = keys(&["kim", "tarek"]);
    let case = Case { route: &route, ..Case::default() };
    assert_eq!(rep(&choose(&team, Choose::LeastLoaded, &case)), ("tarek", Why::Load, None));
    assert_eq!(rep(&choose(&team, Choose::RoundRobin, &case)), ("kim", Why::Turn, None));
}

#[test]
fn a_new_rep_and_one_who_comes_back_get_one_lead_and_wait_for_their_turn() {
    let mut team = team(&["kim", "tarek", "lee"]);
    let route = keys(&["kim", "tarek"]);
    let two = Case { route: &route, ..Case::default() };
    for _ in 0..10 {
        give(&mut team, Choose::RoundRobin, &two);
    }
    let all = keys(&["kim", "tarek", "lee"]);
    let three = Case { route: &all, ..Case::default() };
    let order: Vec<String> = (0..6).filter_map(|_| give(&mut team, Choose::RoundRobin, &three)).collect();
    assert_eq!(order, ["lee", "kim", "tarek", "lee", "kim", "tarek"], "lee is new");
    team[0].away = true;
    for _ in 0..10 {
        give(&mut team, Choose::RoundRobin, &three);
    }
    team[0].away = false;
    let order: Vec<String> = (0..4).filter_map(|_| give(&mut team, Choose::RoundRobin, &three)).collect();
    assert_eq!(order, ["kim", "lee", "tarek", "kim"]);
}

#[test]
fn the_highest_score_is_first_and_of_equals_who_waits_longest() {
    let waiting = |lead, score, since| Waiting { lead, score, since: Timestamp::from_millis(since) };
    let mut line =
        [waiting(1, 50.2, 30), waiting(2, 80.0, 40), waiting(3, 49.8, 10), waiting(4, f64::NAN, 1)];
    rank(&mut line);
    assert_eq!(line.map(|waiting| waiting.lead), [2, 3, 1, 4]);
}

fn any_rep(key: usize, size: usize) -> impl Strategy<Value = Standing> {
    let deputy = proptest::option::of((0..size).prop_map(|other| format!("rep{other}")));
    let capacity = proptest::option::of(0_i64..4);
    (any::<bool>(), any::<bool>(), deputy, capacity, 0_i64..5, 0_i64..9).prop_map(
        move |(away, at_work, deputy, capacity, scored, turn)| Standing {
            key: format!("rep{key}"),
            away,
            at_work: at_work && !away,
            deputy,
            capacity,
            load: Load { all: scored + 1, scored },
            turn,
        },
    )
}

fn any_team() -> impl Strategy<Value = Vec<Standing>> {
    (1_usize..6).prop_flat_map(|size| (0..size).map(|key| any_rep(key, size)).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn whoever_is_chosen_can_take_it(
        team in any_team(),
        owner in proptest::option::of(0_usize..8),
        route in proptest::collection::vec(0_usize..8, 0..5),
        takes_place: bool,
        loaded: bool,
    ) {
        let owner = owner.map(|key| format!("rep{key}"));
        let route: Vec<String> = route.iter().map(|key| format!("rep{key}")).collect();
        let how = if loaded { Choose::LeastLoaded } else { Choose::RoundRobin };
        let case = Case { owner: owner.as_deref(), route: &route, head: Some("rep0"), takes_place, ..Case::default() };
        let find = |key: &str| team.iter().find(|rep| rep.key == key).expect("somebody of the team");
        match choose(&team, how, &case) {
            Choice::Rep(chosen) => {
                let rep = find(&chosen.rep);
                prop_assert!(!rep.away || chosen.why == Why::Head);
                prop_assert!(!takes_place || rep.has_place());
                prop_assert!(chosen.instead_of.is_none_or(|other| find(&other).away));
            }
            Choice::Full(reps) => {
                prop_assert!(takes_place && !reps.is_empty());
                prop_assert!(reps.iter().all(|rep| !find(rep).has_place()));
            }
            Choice::Nobody => prop_assert!(false, "there is a head of sales"),
        }
    }

    #[test]
    fn turns_are_even_among_equals_and_capacity_is_kept(
        reps in 1_usize..8,
        leads in 0_usize..60,
        capacity in proptest::option::of(1_i64..12),
        loaded: bool,
    ) {
        let how = if loaded { Choose::LeastLoaded } else { Choose::RoundRobin };
        let names: Vec<String> = (0..reps).map(|key| format!("rep{key}")).collect();
        let mut team: Vec<Standing> =
            names.iter().map(|key| Standing { capacity, ..standing(key) }).collect();
        let case = Case { route: &names, takes_place: true, ..Case::default() };
        let given = (0..leads).filter(|_| give(&mut team, how, &case).is_some()).count();
        let most = capacity.map_or(leads, |capacity| reps * capacity.unsigned_abs() as usize);
        prop_assert_eq!(given, leads.min(most), "as many as there are places");
        let loads: Vec<i64> = team.iter().map(|rep| rep.load.scored).collect();
        let (least, most) = (loads.iter().min().unwrap_or(&0), loads.iter().max().unwrap_or(&0));
        prop_assert!(most - least <= 1, "{:?}", loads);
    }
}
