// The bare engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Keyspace, InvalidOptionError, WrongTypeError } from "kevy";

test("a keyspace runs every form of command without a runtime", () => {
  const keyspace = new Keyspace();
  assert.equal(keyspace.set("key", "value"), "OK");
  assert.equal(keyspace.get("key"), "value");
  assert.deepEqual(keyspace.getBuffer("key"), Buffer.from("value"));
  assert.equal(keyspace.getInto("key", Buffer.alloc(8)), 5);
  assert.deepEqual(keyspace.pipeline().incr("n").incr("n").exec(), [1, 2]);
  assert.deepEqual(keyspace.multi().incr("n").getBuffer("key").exec(), [3, Buffer.from("value")]);
  assert.throws(() => keyspace.hget("key", "field"), WrongTypeError);
  assert.throws(() => keyspace.call("NOSUCH"), { code: "ERR" });
  keyspace.close();
  assert.throws(() => keyspace.get("key"), { code: "CLOSED" });
});

test("frames are applied to the database they name", () => {
  const keyspace = new Keyspace({ maxmemory: 1, maxmemoryPolicy: "noeviction" });
  keyspace.apply(0, ["SET", "key", "zero"]);
  keyspace.apply(1, [Buffer.from("SET"), Buffer.from("key"), Buffer.from("one")]);
  keyspace.select(0);
  assert.equal(keyspace.get("key"), "zero");
  keyspace.select(1);
  assert.equal(keyspace.get("key"), "one");
});

test("tick deletes what has expired", () => {
  const keyspace = new Keyspace();
  keyspace.set("key", "value", { pxat: Date.now() + 1 });
  while (keyspace.exists("key") === 1);
  while (keyspace.tick());
  assert.equal(keyspace.dbsize(), 0);
});

test("options are those of redis.conf", () => {
  const keyspace = new Keyspace({ "hash-max-listpack-entries": 2 });
  keyspace.hset("hash", { a: 1, b: 2, c: 3 });
  assert.equal(keyspace.object("ENCODING", "hash"), "hashtable");
  assert.throws(() => new Keyspace({ nothing: 1 }), (error) => error instanceof InvalidOptionError && /nothing/.test(error.message));
});
