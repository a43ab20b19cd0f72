//! Every geo verb with good and bad arguments, and thousands of random places, on keys of every kind.

use crate::command::testing::Twin;

const SICILY: &str = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
const EDGES: &str = "GEOADD k 180 85.05112878 ne -180 -85.05112878 sw 180 -85 se -180 85 nw 0 0 zero \
                     179.999 10 east -179.999 10 west 10 84.9 north 10 -84.9 south 0.00001 0 near";

fn many() -> String {
    let mut random = fastrand::Rng::with_seed(11);
    (0..300).fold("GEOADD k".to_owned(), |line, n| {
        line + &format!(" {} {} m{n}", random.f64() * 20.0 + 5.0, random.f64() * 20.0 + 30.0)
    })
}

fn check_each(lines: &[&str]) {
    let many = many();
    let mut twin = Twin::new(&["k", "d"]);
    for state in
        [&[][..], &[SICILY], &[EDGES], &[&many], &["ZADD k 1 a -5 b 1e300 c 0.5 d inf e"], &["SET k v"]]
    {
        for line in lines {
            twin.begin(state);
            twin.check(line);
        }
    }
}

#[test]
fn places_are_added_and_told() {
    check_each(&[
        "GEOADD k 1 2 a",
        "GEOADD k 13 38 Palermo 1 1 new",
        "GEOADD k NX 13 38 Palermo 1 1 new",
        "GEOADD k XX CH 13 38 Palermo 1 1 new",
        "GEOADD k ch nx 1 1 new",
        "GEOADD k NX XX 1 1 new",
        "GEOADD k NX XX CH",
        "GEOADD k NX CH CH",
        "GEOADD k 181 0 a",
        "GEOADD k 0 85.06 a",
        "GEOADD k -180.000001 -1e300 a",
        "GEOADD k inf 0 a",
        "GEOADD k 1 1 a 200 0 b",
        "GEOADD k x 0 a",
        "GEOADD k 0 x a",
        "GEOADD k 1 2",
        "GEOADD k 1 2 a 3",
        "GEOADD k GT 1 2 a",
        "GEOPOS k",
        "GEOPOS k Palermo none Catania zero",
        "GEOPOS k ne sw se nw a b c d e",
        "GEOHASH k",
        "GEOHASH k Palermo none Catania zero",
        "GEOHASH k ne sw se nw a b c d e",
        "GEODIST k Palermo Catania",
        "GEODIST k Palermo Catania km",
        "GEODIST k Palermo Catania MI",
        "GEODIST k Palermo Catania Ft",
        "GEODIST k Palermo Catania x",
        "GEODIST k Palermo Catania m m",
        "GEODIST k Palermo none",
        "GEODIST k none Palermo x",
        "GEODIST k zero zero",
        "GEODIST k zero near",
        "GEODIST k ne nw km",
        "GEODIST k ne sw km",
        "GEODIST k north south km",
        "GEODIST k a c",
        "GEODIST k a",
        "GEOPOS",
    ]);
}

#[test]
fn areas_are_searched() {
    check_each(&[
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km ASC",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX 400 400 km ASC",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX 400 400 km DESC WITHCOORD WITHDIST WITHHASH",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi WITHDIST ASC COUNT 3",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi COUNT 3",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi COUNT 3 DESC",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi COUNT 3 ANY",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi COUNT 3 ANY ASC",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 500 mi",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 0 m",
        "GEOSEARCH k FROMLONLAT 0 0 BYRADIUS 0 m WITHDIST",
        "GEOSEARCH k FROMLONLAT 0 0 BYRADIUS 1 m WITHDIST",
        "GEOSEARCH k FROMLONLAT 0 0 BYRADIUS 50000 km WITHDIST ASC",
        "GEOSEARCH k FROMLONLAT 0 0 BYBOX 50000 50000 km WITHDIST",
        "GEOSEARCH k FROMLONLAT 180 85 BYRADIUS 3000 km WITHDIST ASC",
        "GEOSEARCH k FROMLONLAT -180 -85 BYBOX 3000 300 km WITHDIST ASC",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 1e300 km ASC",
        "GEOSEARCH k FROMMEMBER Palermo BYRADIUS 200 km ASC",
        "GEOSEARCH k FROMMEMBER m7 BYRADIUS 300 km ASC WITHDIST",
        "GEOSEARCH k FROMMEMBER m7 BYBOX 300 600 km WITHDIST",
        "GEOSEARCH k FROMMEMBER a BYRADIUS 300 km WITHCOORD ASC",
        "GEOSEARCH k FROMMEMBER none BYRADIUS 200 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS -1 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS x km",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 1 parsec",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX -1 1 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX 1 x km",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX x 1 km",
        "GEOSEARCH k FROMLONLAT 200 37 BYRADIUS 1 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km COUNT x",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km COUNT",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km ANY",
        "GEOSEARCH k FROMLONLAT 15 37 ASC WITHDIST DESC",
        "GEOSEARCH k FROMLONLAT 15 37 ASC ASC ASC ASC",
        "geosearch k BYRADIUS 200 km ASC WITHDIST",
        "GEOSEARCH k FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYBOX 1 1 km BYRADIUS 1 km",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km STORE d",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200",
        "GEOSEARCHSTORE d k FROMLONLAT 15 37 BYRADIUS 500 km",
        "GEOSEARCHSTORE d k FROMLONLAT 15 37 BYRADIUS 500 km COUNT 2 STOREDIST",
        "GEOSEARCHSTORE k k FROMLONLAT 15 37 BYRADIUS 1 m",
        "GEOSEARCHSTORE d k FROMLONLAT 15 37 BYRADIUS 500 km WITHDIST",
        "GEOSEARCHSTORE d k BYRADIUS 500 km STOREDIST STOREDIST",
        "GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 500 km",
    ]);
}

#[test]
fn circles_are_searched_with_the_older_verbs() {
    check_each(&[
        "GEORADIUS k 15 37 200 km",
        "GEORADIUS k 15 37 200 km WITHCOORD WITHDIST WITHHASH ASC",
        "GEORADIUS k 15 37 500 mi COUNT 2 DESC",
        "GEORADIUS k 15 37 500 mi COUNT 2 ANY",
        "GEORADIUS k 15 37 500 km STORE d",
        "GEORADIUS k 15 37 500 km STOREDIST d COUNT 1",
        "GEORADIUS k 15 37 500 km STOREDIST d STORE d",
        "GEORADIUS k 15 37 1 m STORE k",
        "GEORADIUS k 15 37 500 km STORE d WITHDIST",
        "GEORADIUS none 15 37 500 km STORE d",
        "GEORADIUS k 15 37 500 km STORE",
        "GEORADIUS k 15 37 -1 km",
        "GEORADIUS k 15 37 x km",
        "GEORADIUS k 15 37 1 x",
        "GEORADIUS k 200 37 1 km",
        "GEORADIUS k 15 37 1 km NO",
        "GEORADIUS k 15 37 1 km ANY",
        "GEORADIUS k 15 37 1 km BYBOX 1 1 km",
        "GEORADIUS_RO k 15 37 200 km ASC",
        "GEORADIUS_RO k 15 37 200 km STORE d",
        "GEORADIUSBYMEMBER k Palermo 200 km ASC",
        "GEORADIUSBYMEMBER k m7 200 km WITHDIST",
        "GEORADIUSBYMEMBER k none 200 km",
        "GEORADIUSBYMEMBER k Palermo -1 km",
        "GEORADIUSBYMEMBER k Palermo x x",
        "GEORADIUSBYMEMBER k Palermo 200 km STORE d",
        "GEORADIUSBYMEMBER k Palermo 200 km STOREDIST d",
        "GEORADIUSBYMEMBER_RO k Palermo 200 km ASC",
        "GEORADIUSBYMEMBER_RO k Palermo 200 km STORE d",
        "GEORADIUSBYMEMBER k Palermo 200",
    ]);
}

#[test]
fn random_places_and_areas_agree_to_the_last_digit() {
    let mut random = fastrand::Rng::with_seed(17);
    let mut twin = Twin::new(&["k"]);
    let degrees = |random: &mut fastrand::Rng| {
        let spread = [1.0, 0.01, 1e-5][random.usize(..3)];
        let longitude = (random.f64() * 2.0 - 1.0) * 180.0 * spread;
        (longitude, (random.f64() * 2.0 - 1.0) * 85.05 * spread)
    };
    twin.begin(&[]);
    for n in 0..400 {
        let (longitude, latitude) = degrees(&mut random);
        twin.check(&format!("GEOADD k {longitude} {latitude} m{n}"));
    }
    for n in 0..400 {
        twin.check(&format!("GEOPOS k m{n}"));
        twin.check(&format!("GEOHASH k m{n}"));
        twin.check(&format!("GEODIST k m{n} m{} {}", 399 - n, ["m", "km", "ft", "mi"][n % 4]));
        let (longitude, latitude) = degrees(&mut random);
        let reach = 10f64.powf(random.f64() * 7.5);
        twin.check(&format!("GEOSEARCH k FROMLONLAT {longitude} {latitude} BYRADIUS {reach} m WITHDIST"));
        let width = 10f64.powf(random.f64() * 7.5);
        twin.check(&format!(
            "GEOSEARCH k FROMLONLAT {longitude} {latitude} BYBOX {width} {reach} m WITHDIST WITHHASH WITHCOORD"
        ));
    }
}

#[test]
fn resp3_has_doubles_for_degrees() {
    let mut twin = Twin::new(&["k", "d"]);
    twin.begin(&[SICILY]);
    twin.use_resp3();
    for line in [
        "GEOPOS k Palermo none",
        "GEODIST k Palermo Catania",
        "GEODIST k Palermo none",
        "GEOHASH k Palermo none",
        "GEOSEARCH k FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHCOORD WITHHASH",
        "GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km",
    ] {
        // The comparison of keys afterwards reads RESP2, so only the replies are compared here.
        let words = crate::command::testing::words(line);
        let args = crate::command::testing::slices(&words);
        let (ours, theirs) = (twin.kevy.run(&args), twin.redis.exchange(&args));
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{line}");
    }
}
