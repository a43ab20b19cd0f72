// Strings and HyperLogLogs.

export default {
  "strings": [
    [(db) => db.set("s", "hello"), "SET s hello", "OK"],
    ...["EX", "PX", "EXAT", "PXAT"].flatMap((word) => {
      const time = { EXAT: 9999999999, PXAT: 9999999999999 }[word] ?? 1000;
      return [
        [(db) => db.set("s", "hello", { [word.toLowerCase()]: time }), `SET s hello ${word} ${time}`, "OK"],
        [(db) => db.getex("s", { [word.toLowerCase()]: time }), `GETEX s ${word} ${time}`, "hello"],
      ];
    }),
    [(db) => db.getex("s", { persist: true }), "GETEX s PERSIST", "hello"],
    [(db) => db.set("s", "hello", { keepttl: true, get: true, xx: true }), "SET s hello XX GET KEEPTTL", "hello"],
    [(db) => db.set("s", "x", { nx: true }), "SET s x NX", null],
    [(db) => db.append("s", "!"), "APPEND s !", 6],
    [(db) => db.strlen("s"), "STRLEN s", 6],
    [(db) => db.getrange("s", 0, 3), "GETRANGE s 0 3", "hell"],
    [(db) => db.substr("s", 0, 3), "SUBSTR s 0 3", "hell"],
    [(db) => db.setrange("s", 0, "J"), "SETRANGE s 0 J", 6],
    [(db) => db.getset("s", "1"), "GETSET s 1", "Jello!"],
    [(db) => db.incr("s"), "INCR s", 2],
    [(db) => db.incrby("s", 5n), "INCRBY s 5", 7],
    [(db) => db.decr("s"), "DECR s", 6],
    [(db) => db.decrby("s", 2), "DECRBY s 2", 4],
    [(db) => db.incrbyfloat("s", 0.5), "INCRBYFLOAT s 0.5", "4.5"],
    [(db) => db.get("s"), "GET s", "4.5"],
    [(db) => db.getdel("s"), "GETDEL s", "4.5"],
    [(db) => db.setex("s", 9, "v"), "SETEX s 9 v", "OK"],
    [(db) => db.psetex("s", 9000, "v"), "PSETEX s 9000 v", "OK"],
    [(db) => db.setnx("s", "v"), "SETNX s v", 0],
    [(db) => db.mset({ "{t}a": "ohmytext", "{t}b": "mynewtext" }), "MSET {t}a ohmytext {t}b mynewtext", "OK"],
    [(db) => db.msetnx("{t}a", 1), "MSETNX {t}a 1", 0],
    [(db) => db.mget("{t}a", "none"), "MGET {t}a none", ["ohmytext", null]],
    [(db) => db.lcs("{t}a", "{t}b"), "LCS {t}a {t}b", "mytext"],
    [(db) => db.lcs("{t}a", "{t}b", { len: true }), "LCS {t}a {t}b LEN", 6],
    [(db) => db.lcs("{t}a", "{t}b", { idx: true, minmatchlen: 4, withmatchlen: true }), "LCS {t}a {t}b IDX MINMATCHLEN 4 WITHMATCHLEN", { matches: [[[4, 7], [5, 8], 4]], len: 6 }],
  ],
};
