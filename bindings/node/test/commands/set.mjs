// Sets.

const sorted = (...members) => (reply) => reply.map(String).toSorted().join() === members.join();
const among = (...members) => (reply) => members.includes(String(reply));

export default {
  "members": [
    [(db) => db.sadd("s", "a", "b", 3), "SADD s a b 3", 3],
    [(db) => db.sadd("s", ["a", "d"]), "SADD s a d", 1],
    [(db) => db.scard("s"), "SCARD s", 4],
    [(db) => db.smembers("s"), "SMEMBERS s", sorted("3", "a", "b", "d")],
    [(db) => db.sismember("s", "a"), "SISMEMBER s a", 1],
    [(db) => db.smismember("s", "a", "x"), "SMISMEMBER s a x", [1, 0]],
    [(db) => db.srem("s", "3", "x"), "SREM s 3 x", 1],
    [(db) => db.smove("s", "t", "d"), "SMOVE s t d", 1],
    [(db) => db.srandmember("s"), "SRANDMEMBER s", among("a", "b")],
    [(db) => db.srandmember("s", 5), "SRANDMEMBER s 5", sorted("a", "b")],
    [(db) => db.spop("t"), "SPOP t", "d"],
    [(db) => db.spop("t"), "SPOP t", null],
    [(db) => db.spop("s", 5), "SPOP s 5", sorted("a", "b")],
    [(db) => db.spop("s", 5), "SPOP s 5", []],
  ],
  "several sets": [
    [(db) => db.sadd("a", "1", "2", "3"), "SADD a 1 2 3", 3],
    [(db) => db.sadd("b", "2", "3", "4"), "SADD b 2 3 4", 3],
    [(db) => db.sdiff("a", "b"), "SDIFF a b", ["1"]],
    [(db) => db.sinter(["a", "b"]), "SINTER a b", sorted("2", "3")],
    [(db) => db.sunion("a", "b"), "SUNION a b", sorted("1", "2", "3", "4")],
    [(db) => db.sintercard(["a", "b"], { limit: 1 }), "SINTERCARD 2 a b LIMIT 1", 1],
    [(db) => db.sintercard(2, "a", "b"), "SINTERCARD 2 a b", 2],
    [(db) => db.sdiffstore("c", "a", "b"), "SDIFFSTORE c a b", 1],
    [(db) => db.sinterstore("c", ["a", "b"]), "SINTERSTORE c a b", 2],
    [(db) => db.sunionstore("c", "a", "b"), "SUNIONSTORE c a b", 4],
  ],
  "walks": [
    [(db) => db.sadd("s", "a"), "SADD s a", 1],
    [(db) => db.sscan("s", 0, { count: 10, match: "*" }), "SSCAN s 0 MATCH * COUNT 10", ["0", ["a"]]],
    [(db) => db.sscan("s", "0", "MATCH", "b"), "SSCAN s 0 MATCH b", ["0", []]],
    [(db) => [...db.sscanIterator("s")], undefined, ["a"]],
  ],
};
