// Mirrors: what they show, wait for and refuse.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mirror, ReadOnlyError, ReplicaError, Runtime } from "kevy";

const PATIENCE_MS = 30_000;

test("a mirror shows what the primary has and what it is given", async () => {
  const primary = await Runtime.start({ port: 0, shards: 2 });
  const db = primary.session();
  db.set("before", 1);
  const mirror = await Mirror.start({ url: `kevy://127.0.0.1:${primary.port}`, shards: 1 });
  assert.ok(await mirror.waitSynced(PATIENCE_MS));
  const copy = mirror.session();
  assert.equal(copy.get("before"), "1");
  for (let number = 0; number < 50; number++) {
    db.set("counter", number);
    assert.ok(await mirror.wait(primary.token, PATIENCE_MS));
    assert.equal(copy.get("counter"), String(number));
  }
  assert.notEqual(mirror.stalenessMs, null);
  assert.throws(() => copy.set("k", "v"), ReadOnlyError);
  await assert.rejects(mirror.wait("7:1,2", 1), ReplicaError);
  await mirror.close();
  await primary.close();
});

test("a mirror copies a part by prefix, and its waits end in time", async () => {
  const primary = await Runtime.start({ port: 0 });
  const db = primary.session();
  db.mset({ "user:1": "a", "order:1": "b" });
  const mirror = await Mirror.start({ url: `kevy://127.0.0.1:${primary.port}`, prefixes: ["user:"] });
  assert.ok(await mirror.waitSynced(PATIENCE_MS));
  assert.deepEqual(mirror.session().call("KEYS", "*"), ["user:1"]);
  await mirror.close();
  await primary.close();
  const lost = await Mirror.start({ url: "kevy://127.0.0.1:1", maxStalenessMs: 1000 });
  assert.equal(await lost.waitSynced(10), false);
  assert.equal(lost.stalenessMs, null);
  await lost.close();
});
