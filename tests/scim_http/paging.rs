//! Lists in pages: by index (RFC 7644 §3.4.2.4) and by cursor (RFC 9865), while others write.

use super::{assert_refused, group, okta, user};
use crate::world::{Connection, World};
use castgate::{
    app::Clock,
    model::{Instant, Profile},
};
use serde_json::{Value, json};
use std::time::Duration;

const NOW: Instant = Instant(1_795_240_800_000_000);

async fn people(connection: &Connection, names: impl Iterator<Item = u32>) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(connection.post("/Users", user(&format!("{name:03}@example.com"))).await.expect(201).id());
    }
    ids
}

async fn page(connection: &Connection, query: &str) -> Value {
    connection.get(&format!("/Users?{query}")).await.expect(200).json()
}

fn ids(page: &Value) -> Vec<String> {
    page["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn cursor<'a>(page: &'a Value, name: &str) -> &'a str {
    page[name].as_str().unwrap()
}

#[tokio::test]
async fn a_cursor_leads_through_the_whole_list_and_back() {
    let (_world, okta) = okta().await;
    let all = people(&okta, 0..10).await;
    let first = page(&okta, "cursor&count=4").await;
    assert_eq!((&first["totalResults"], &first["itemsPerPage"]), (&json!(10), &json!(4)));
    assert!(first.get("startIndex").is_none() && first.get("previousCursor").is_none(), "{first}");
    let again = page(&okta, "cursor=&count=4&startIndex=1").await;
    assert_eq!(ids(&again), ids(&first), "an empty cursor begins, and with a cursor there is no index");
    let second = page(&okta, &format!("count=4&cursor={}", cursor(&first, "nextCursor"))).await;
    // The size of a page may change on the way, and what of each is shown.
    let third = page(&okta, &format!("count=9&attributes=id&cursor={}", cursor(&second, "nextCursor"))).await;
    assert!(third.get("nextCursor").is_none(), "the last page: {third}");
    assert_eq!([ids(&first), ids(&second), ids(&third)].concat(), all);
    let back = page(&okta, &format!("count=4&cursor={}", cursor(&third, "previousCursor"))).await;
    assert_eq!(ids(&back), ids(&second));
    let start = page(&okta, &format!("count=4&cursor={}", cursor(&back, "previousCursor"))).await;
    assert_eq!(ids(&start), ids(&first));
    assert!(start.get("previousCursor").is_none(), "{start}");

    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "cursor": "", "count": 9,
                        "sortBy": "userName", "sortOrder": "descending"});
    let found = okta.post("/Users/.search", search.clone()).await.expect(200).json();
    assert_eq!(ids(&found)[0], all[9]);
    let mut rest = search;
    rest["cursor"] = found["nextCursor"].clone();
    assert_eq!(ids(&okta.post("/Users/.search", rest).await.expect(200).json()), all[..1]);

    okta.post("/Groups", group("eng", &[])).await.expect(201);
    let groups = okta.get("/Groups?cursor").await.expect(200).json();
    assert_eq!((&groups["totalResults"], groups.get("nextCursor")), (&json!(1), None));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query_and_its_caller() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let entra = acme.connection("entra", Profile::Entra).await;
    let other = world.organization("other").await.connection("okta", Profile::Okta).await;
    people(&okta, 0..4).await;
    let first = page(&okta, "cursor&count=2&filter=active%20eq%20true&sortBy=userName").await;
    let next = cursor(&first, "nextCursor");
    // The same filter, written another way, is the same query.
    let same = format!("/Users?filter=ACTIVE+EQ+true&sortBy=username&cursor={next}");
    assert_eq!(okta.get(&same).await.expect(200).json()["itemsPerPage"], 2);
    for foreign in [
        format!("cursor={next}"),
        format!("filter=active%20eq%20false&sortBy=userName&cursor={next}"),
        format!("filter=active%20eq%20true&sortBy=userName&sortOrder=descending&cursor={next}"),
        format!("filter=active%20eq%20true&sortBy=userName&cursor={next}A"),
        "cursor=nonsense".to_owned(),
        format!("cursor={}", "A".repeat(5_000)),
    ] {
        assert_refused(&okta.get(&format!("/Users?{foreign}")).await, 400, Some("invalidCursor"));
    }
    for stranger in [&entra, &other] {
        assert_refused(&stranger.get(&same).await, 400, Some("invalidCursor"));
    }
    assert_refused(&okta.get(&format!("/Groups?cursor={next}")).await, 400, Some("invalidCursor"));
    // Neither does one that says nothing but the list: people are no groups.
    let people = page(&okta, "cursor&count=2").await;
    let of_people = cursor(&people, "nextCursor");
    assert_refused(&okta.get(&format!("/Groups?cursor={of_people}")).await, 400, Some("invalidCursor"));
    assert_refused(&okta.post("/.search", json!({"cursor": ""})).await, 400, Some("invalidCursor"));
}

#[tokio::test]
async fn a_cursor_ends_when_the_configuration_says() {
    let clock = Clock::fixed(NOW, 7);
    let world = World::start_with(clock.clone(), |_| {}).await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    people(&okta, 0..3).await;
    let first = page(&okta, "cursor&count=1").await;
    let next = format!("/Users?count=1&cursor={}", cursor(&first, "nextCursor"));
    clock.advance(Duration::from_secs(3_599));
    okta.get(&next).await.expect(200);
    clock.advance(Duration::from_secs(1));
    assert_refused(&okta.get(&next).await, 400, Some("expiredCursor"));
}

#[tokio::test]
async fn by_cursor_a_page_has_at_least_one_and_at_most_what_is_told() {
    let (_world, okta) = okta().await;
    people(&okta, 0..3).await;
    for count in ["0", "-1", "201", "many", "99999999999999999999999"] {
        assert_refused(&okta.get(&format!("/Users?cursor&count={count}")).await, 400, Some("invalidCount"));
    }
    okta.get("/Users?cursor&count=200").await.expect(200);
}

#[tokio::test]
async fn by_index_the_count_is_cut_and_the_index_mended() {
    let (_world, okta) = okta().await;
    let all = people(&okta, 0..3).await;
    for (query, start, wanted) in [
        ("count=0", 1, &all[..0]),
        ("count=-5", 1, &all[..0]),
        ("count=5000", 1, &all[..]),
        ("startIndex=0&count=1", 1, &all[..1]),
        ("startIndex=-7&count=1", 1, &all[..1]),
        ("startIndex=3", 3, &all[2..]),
        ("startIndex=4", 4, &all[..0]),
        ("startIndex=99999999999999999999999", u64::MAX, &all[..0]),
    ] {
        let page = page(&okta, query).await;
        assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(3), &json!(start)), "{query}");
        assert_eq!((ids(&page), &page["itemsPerPage"]), (wanted.to_vec(), &json!(wanted.len())), "{query}");
    }
}

#[tokio::test]
async fn pages_stay_as_they_are_while_others_write() {
    let (_world, okta) = okta().await;
    let all = people(&okta, 10..40).await;
    let (mut by_index, mut by_cursor, mut late) = (Vec::new(), Vec::new(), 100);
    let mut next = String::new();
    for turn in 0_u32..6 {
        let page = page(&okta, &format!("startIndex={}&count=5", turn * 5 + 1)).await;
        assert_eq!(page["totalResults"], 30 + 2 * turn, "whoever came in between is counted");
        by_index.extend(ids(&page));
        let page = self::page(&okta, &format!("cursor={next}&count=5")).await;
        next = page["nextCursor"].as_str().unwrap_or_default().to_owned();
        by_cursor.extend(ids(&page));
        // Names that would stand anywhere in an alphabet, and somebody already shown is renamed.
        people(&okta, [turn, late].into_iter()).await;
        late += 1;
        let renamed = json!({"schemas": [super::USER_SCHEMA], "userName": format!("zz{turn}@example.com")});
        okta.put(&format!("/Users/{}", all[turn as usize]), renamed).await.expect(200);
    }
    assert_eq!(by_index, all);
    assert_eq!(by_cursor, all);
    // By cursor nobody is left out even when those before leave; an index could not promise that.
    let first = page(&okta, "cursor&count=5").await;
    for gone in ids(&first) {
        okta.delete(&format!("/Users/{gone}")).await.expect(204);
    }
    let second = page(&okta, &format!("count=5&cursor={}", cursor(&first, "nextCursor"))).await;
    assert_eq!(ids(&second), all[5..10]);
}
