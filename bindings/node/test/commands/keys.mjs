// Keys of any type.

import { Keyspace } from "kevy";

const dump = new Keyspace().multi().set("a", 1).dumpBuffer("a").exec()[1];
const far = 9999999999;

export default {
  "keys": [
    [(db) => db.set("a", 1), "SET a 1", "OK"],
    [(db) => db.copy("a", "b", { replace: true, db: 0 }), "COPY a b DB 0 REPLACE", 1],
    [(db) => db.exists("a", "b", "none"), "EXISTS a b none", 2],
    [(db) => db.touch(["a", "none"]), "TOUCH a none", 1],
    [(db) => db.type("a"), "TYPE a", "string"],
    [(db) => db.object("ENCODING", "a"), "OBJECT ENCODING a", (reply) => String(reply) === "int"],
    [(db) => db.object("REFCOUNT", "a"), "OBJECT REFCOUNT a", (reply) => typeof reply === "number"],
    [(db) => db.object("IDLETIME", "a"), "OBJECT IDLETIME a", 0],
    [(db) => db.object("FREQ", "a"), "OBJECT FREQ a", /LFU/],
    [(db) => db.object("HELP"), "OBJECT HELP", (reply) => reply.length > 3],
    [(db) => db.memory("USAGE", "a"), "MEMORY USAGE a", (reply) => reply > 0],
    ...["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"].flatMap((verb) => {
      const unit = verb.startsWith("P") ? 1000 : 1;
      const [time, sooner] = verb.endsWith("AT") ? [far * unit, far * unit - 1] : [100000, 1000];
      const method = verb.toLowerCase();
      return [
        [(db) => db.persist("b"), "PERSIST b", (reply) => reply === 0 || reply === 1],
        [(db) => db[method]("b", time), `${verb} b ${time}`, 1],
        [(db) => db[method]("b", time, "NX"), `${verb} b ${time} NX`, 0],
        [(db) => db[method]("b", time, "XX"), `${verb} b ${time} XX`, 1],
        [(db) => db[method]("b", sooner, "GT"), `${verb} b ${sooner} GT`, 0],
        [(db) => db[method]("b", sooner, "LT"), `${verb} b ${sooner} LT`, 1],
      ];
    }),
    [(db) => db.expireat("b", far), `EXPIREAT b ${far}`, 1],
    [(db) => db.expiretime("b"), "EXPIRETIME b", far],
    [(db) => db.pexpiretime("b"), "PEXPIRETIME b", far * 1000],
    [(db) => db.ttl("b"), "TTL b", (reply) => reply > 1e9],
    [(db) => db.pttl("b"), "PTTL b", (reply) => reply > 1e12],
    [(db) => db.rename("b", "c"), "RENAME b c", "OK"],
    [(db) => db.renamenx("c", "a"), "RENAMENX c a", 0],
    [(db) => db.keys("c"), "KEYS c", ["c"]],
    [(db) => db.dump("none"), "DUMP none", null],
    [(db) => db.restore("a", 0, dump), `RESTORE a 0 ${dump}`, /BUSYKEY/],
    [(db) => db.restore("a", 0, dump, { absttl: true, replace: true, idletime: 1 }), `RESTORE a 0 ${dump} REPLACE ABSTTL IDLETIME 1`, "OK"],
    [(db) => db.restore("a", 9, dump, "REPLACE", "FREQ", 1), `RESTORE a 9 ${dump} REPLACE FREQ 1`, "OK"],
    [(db) => db.restore("a", 0, dump, { replace: true }), `RESTORE a 0 ${dump} REPLACE`, "OK"],
    [(db) => db.move("c", 1), "MOVE c 1", 1],
    [(db) => db.scan(0, { type: "string", count: 100, match: "a" }), "SCAN 0 MATCH a COUNT 100 TYPE string", ["0", ["a"]]],
    [(db) => [...db.scanIterator()], undefined, ["a"]],
    [(db) => db.randomkey(), "RANDOMKEY", "a"],
    [(db) => db.unlink("a"), "UNLINK a", 1],
    [(db) => db.del(["a", "b"]), "DEL a b", 0],
  ],
};
