// Workers, the end of the process, and handles that nobody closes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Keyspace, Replica, Runtime } from "kevy";

const here = new URL(".", import.meta.url);

/** A worker that runs `body` with `kevy`, `parentPort` and `workerData`. */
function worker(body, workerData) {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const kevy = require("kevy");
    (async () => { ${body} })();`;
  return new Worker(source, { eval: true, workerData });
}

/** Runs a program of its own. */
function run(source, ...flags) {
  return spawnSync(process.execPath, [...flags, "--input-type=module", "-e", source], { encoding: "utf8", timeout: 60_000, cwd: here });
}

describe("workers", () => {
  test("workers attach to one runtime and see each other's writes", async () => {
    const runtime = await Runtime.start({ shards: 2 });
    const db = runtime.session();
    const body = `
      const runtime = kevy.Runtime.attach(workerData);
      const db = runtime.session();
      for (let i = 0; i < 5000; i++) { db.incr("count"); db.getBuffer("count"); }
      db.close();
      await runtime.close();
      parentPort.postMessage(runtime.shards);`;
    const workers = [worker(body, runtime.id), worker(body, runtime.id)];
    const exits = workers.map((thread) => once(thread, "exit"));
    for (let i = 0; i < 5000; i++) db.incr("count");
    const shards = await Promise.all(workers.map(async (thread) => (await once(thread, "message"))[0]));
    await Promise.all(exits);
    assert.deepEqual(shards, [2, 2]);
    assert.equal(db.get("count"), "15000");
    await runtime.close();
    assert.throws(() => Runtime.attach(runtime.id).session(), { code: "CLOSED" });
    assert.throws(() => Runtime.attach(999_999), { code: "CLOSED" });
  });

  test("a worker can be ended in the middle of calls and waits", async () => {
    const runtime = await Runtime.start({ shards: 2 });
    for (let i = 0; i < 5; i++) {
      const thread = worker(`
        const runtime = kevy.Runtime.attach(workerData);
        const db = runtime.session();
        const replica = new kevy.Replica({ runtime });
        replica.nextBatch().catch(() => {});
        db.set("key", "value");
        parentPort.postMessage("ready");
        for (;;) { db.incr("count"); db.getBuffer("key"); if (Math.random() < 0.001) await new Promise(setImmediate); }`, runtime.id);
      await once(thread, "message");
      await thread.terminate();
    }
    assert.equal(runtime.session().get("key"), "value");
    await runtime.close();
  });

  test("a runtime ends with the worker that started it", async () => {
    const thread = worker(`
      const runtime = await kevy.Runtime.start({ shards: 1 });
      parentPort.postMessage(runtime.id);
      parentPort.once("message", () => process.exit());`);
    const [id] = await once(thread, "message");
    const session = Runtime.attach(id).session();
    session.set("key", "value");
    const exit = once(thread, "exit");
    thread.postMessage("go");
    await exit;
    assert.throws(() => session.get("key"), { code: "CLOSED" });
  });
});

describe("the end of the process", () => {
  test("nothing has to be closed", () => {
    const { status, stdout, stderr } = run(`
      import { Keyspace, Replica, Runtime } from "kevy";
      const runtime = await Runtime.start({ port: 0, shards: 2 });
      const db = runtime.session();
      db.set("key", "x".repeat(100000));
      globalThis.held = [db, db.getBuffer("key"), new Keyspace(), new Replica({ runtime })];
      held[3].nextBatch();
      console.log("done");
      setImmediate(() => process.exit(0));`);
    assert.deepEqual([status, stdout, stderr], [0, "done\n", ""]);
  });

  test("an exception that nobody catches is the process's only complaint", () => {
    const { status, stderr } = run(`
      import { Runtime } from "kevy";
      const db = (await Runtime.start({ shards: 2 })).session();
      db.call("NOSUCH");`);
    assert.equal(status, 1);
    assert.match(stderr, /ReplyError: ERR unknown command 'NOSUCH'/);
  });
});

describe("the collector", () => {
  const threads = () => readdirSync("/proc/self/task").length;

  /** Collects until `done`. */
  async function collectUntil(done) {
    while (!done()) {
      globalThis.gc();
      await setImmediate();
    }
  }

  test("sessions, keyspaces and Buffers that nobody holds are freed", async () => {
    const runtime = await Runtime.start({ shards: 1 });
    let freed = 0;
    const registry = new FinalizationRegistry(() => (freed += 1));
    (() => {
      for (let i = 0; i < 200; i++) {
        const session = runtime.session();
        session.set("key", "x".repeat(20_000));
        const keyspace = new Keyspace();
        keyspace.set("key", "value");
        for (const thing of [session, keyspace, session.getBuffer("key")]) registry.register(thing);
      }
    })();
    await collectUntil(() => freed === 600);
    // Each session is a client, and goes from the list when it is freed.
    const db = runtime.session();
    await collectUntil(() => db.client("LIST").trim().split("\n").length === 1);
    await runtime.close();
  });

  test("a runtime that nobody holds ends its threads", { skip: process.platform !== "linux" }, async () => {
    const before = threads();
    await (async () => {
      for (let i = 0; i < 3; i++) (await Runtime.start({ shards: 4, port: 0 })).session().set("key", "value");
    })();
    assert.ok(threads() >= before + 12);
    await collectUntil(() => threads() <= before);
  });

  test("a replica that nobody holds ends its thread", { skip: process.platform !== "linux" }, async () => {
    const runtime = await Runtime.start({ shards: 1 });
    const before = threads();
    await (async () => {
      for (let i = 0; i < 3; i++) await new Replica({ runtime }).nextBatch();
    })();
    assert.equal(threads(), before + 3);
    await collectUntil(() => threads() <= before);
    await runtime.close();
  });

  test("a session outlives the variable of its runtime", async () => {
    const db = await (async () => (await Runtime.start({ shards: 1 })).session())();
    db.set("key", "value");
    for (let i = 0; i < 20; i++) {
      globalThis.gc();
      await setImmediate();
      assert.equal(db.get("key"), "value");
    }
  });
});
