// Hashes.

const expiries = ["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"];

export default {
  "hashes": [
    [(db) => db.hset("h", { a: 1, b: "two" }), "HSET h a 1 b two", 2],
    [(db) => db.hmset("h", new Map([["c", "3"]])), "HMSET h c 3", "OK"],
    [(db) => db.hsetnx("h", "a", 2), "HSETNX h a 2", 0],
    [(db) => db.hget("h", "a"), "HGET h a", "1"],
    [(db) => db.hmget("h", "a", "x"), "HMGET h a x", ["1", null]],
    [(db) => db.hgetall("h"), "HGETALL h", { a: "1", b: "two", c: "3" }],
    [(db) => db.hkeys("h"), "HKEYS h", ["a", "b", "c"]],
    [(db) => db.hvals("h"), "HVALS h", ["1", "two", "3"]],
    [(db) => db.hlen("h"), "HLEN h", 3],
    [(db) => db.hexists("h", "a"), "HEXISTS h a", 1],
    [(db) => db.hstrlen("h", "b"), "HSTRLEN h b", 3],
    [(db) => db.hincrby("h", "a", 2), "HINCRBY h a 2", 3],
    [(db) => db.hincrbyfloat("h", "a", "0.5"), "HINCRBYFLOAT h a 0.5", "3.5"],
    [(db) => db.hdel("h", ["b", "c"]), "HDEL h b c", 2],
    [(db) => db.hrandfield("h"), "HRANDFIELD h", "a"],
    [(db) => db.hrandfield("h", 5), "HRANDFIELD h 5", ["a"]],
    [(db) => db.hrandfield("h", 5, "WITHVALUES"), "HRANDFIELD h 5 WITHVALUES", [["a", "3.5"]]],
    [(db) => db.hrandfield("none"), "HRANDFIELD none", null],
    [(db) => db.hscan("h", 0, { match: "*", count: 10 }), "HSCAN h 0 MATCH * COUNT 10", ["0", ["a", "3.5"]]],
    [(db) => db.hscan("h", 0, { novalues: true }), "HSCAN h 0 NOVALUES", ["0", ["a"]]],
    [(db) => [...db.hscanIterator("h")], undefined, [["a", "3.5"]]],
  ],
  "fields expire": [
    [(db) => db.hset("h", { a: 1, b: 2 }), "HSET h a 1 b 2", 2],
    ...expiries.flatMap((verb) => {
      const far = verb.startsWith("HP") ? 9999999999999 : 9999999999;
      const [time, sooner] = verb.endsWith("AT") ? [far, far - 1] : [100000, 1000];
      const method = verb.toLowerCase();
      return [
        [(db) => db.hpersist("h", "FIELDS", 1, "a"), "HPERSIST h FIELDS 1 a", (reply) => reply.length === 1],
        [(db) => db[method]("h", time, ["a"], "NX"), `${verb} h ${time} NX FIELDS 1 a`, [1]],
        [(db) => db[method]("h", time, ["a"], "XX"), `${verb} h ${time} XX FIELDS 1 a`, [1]],
        [(db) => db[method]("h", sooner, ["a"], "GT"), `${verb} h ${sooner} GT FIELDS 1 a`, [0]],
        [(db) => db[method]("h", sooner, ["a"], "LT"), `${verb} h ${sooner} LT FIELDS 1 a`, [1]],
      ];
    }),
    [(db) => db.httl("h", ["b", "x"]), "HTTL h FIELDS 2 b x", [-1, -2]],
    [(db) => db.hpttl("h", ["b"]), "HPTTL h FIELDS 1 b", [-1]],
    [(db) => db.hexpiretime("h", ["b"]), "HEXPIRETIME h FIELDS 1 b", [-1]],
    [(db) => db.hpexpiretime("h", ["b"]), "HPEXPIRETIME h FIELDS 1 b", [-1]],
    ...["EX", "PX", "EXAT", "PXAT"].flatMap((word) => {
      const time = { EXAT: 9999999999, PXAT: 9999999999999 }[word] ?? 1000;
      return [
        [(db) => db.hgetex("h", ["b"], { [word.toLowerCase()]: time }), `HGETEX h ${word} ${time} FIELDS 1 b`, ["2"]],
        [(db) => db.hsetex("h", { b: 2 }, { [word.toLowerCase()]: time, fxx: true }), `HSETEX h FXX ${word} ${time} FIELDS 1 b 2`, 1],
      ];
    }),
    [(db) => db.hgetex("h", ["b"], { persist: true }), "HGETEX h PERSIST FIELDS 1 b", ["2"]],
    [(db) => db.hsetex("h", new Map([["c", 3]]), { fnx: true, keepttl: true }), "HSETEX h FNX KEEPTTL FIELDS 1 c 3", 1],
    [(db) => db.hsetex("h", "FIELDS", 1, "c", 3), "HSETEX h FIELDS 1 c 3", 1],
    [(db) => db.hgetdel("h", ["c", "x"]), "HGETDEL h FIELDS 2 c x", ["3", null]],
  ],
};
