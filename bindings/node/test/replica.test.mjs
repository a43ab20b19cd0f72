// Following a primary: snapshot, changes, cursors, waits.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync } from "node:fs";
import { getEventListeners, once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import * as kevy from "kevy";

const { ClosedError, InterruptedError, Keyspace, Replica, Runtime } = kevy;

let runtime;
let db;
let url;
before(async () => {
  runtime = await Runtime.start({ shards: 2, port: 0, bind: "127.0.0.1", enableDebugCommand: "yes" });
  db = runtime.session();
  url = `kevy://127.0.0.1:${runtime.port}`;
});
after(() => runtime.close());

/** A copy that is built from frames alone. */
class Copy {
  keyspace = new Keyspace({ enableDebugCommand: "yes" });
  snapshots = 0;
  frames = 0;

  take(batch) {
    for (const frame of batch) {
      this.frames += 1;
      if (frame.kind === "snapshot-begin") {
        this.snapshots += 1;
        this.keyspace.flushall();
      } else if (frame.kind === "entry" || frame.kind === "command") {
        this.keyspace.apply(frame.db, frame.argv);
      }
    }
  }

  /** Takes batches until the copy is what the primary is. */
  async catchUp(replica) {
    const digest = db.debug("DIGEST");
    while (this.keyspace.debug("DIGEST") !== digest) this.take(await replica.nextBatch());
  }
}

describe("frames", () => {
  test("a copy built from the frames is the primary's data", async () => {
    db.flushall();
    const noText = Buffer.from([0, 255, 13, 10]);
    for (let i = 0; i < 500; i++) db.set(`before:${i}`, i);
    db.hset("hash", { a: 1, b: noText });
    db.set("expiring", "x", { ex: 1000 });
    const replica = new Replica({ url });
    const copy = new Copy();
    await copy.catchUp(replica);
    assert.equal(copy.snapshots, 1);
    for (let i = 0; i < 500; i++) db.incrby(`live:${i % 7}`, i);
    db.set(noText, noText);
    db.del("before:1", "before:2");
    db.hexpire("hash", 100, ["a"]);
    await copy.catchUp(replica);
    assert.equal(copy.snapshots, 1);
    assert.deepEqual(copy.keyspace.getBuffer(noText), noText);
    assert.equal(copy.keyspace.ttl("expiring") > 0, true);
    replica.close();
  });

  test("a frame tells kind, shard, database, offset and arguments", async () => {
    db.flushall();
    const replica = new Replica({ url });
    const copy = new Copy();
    db.set("warm", 1);
    await copy.catchUp(replica);
    const session = runtime.session({ db: 3 });
    session.set("key", "value");
    let found;
    while (found === undefined) {
      for (const frame of await replica.nextBatch()) {
        if (frame.kind === "command" && String(frame.argv[1]) === "key") found = frame;
      }
    }
    assert.deepEqual(found.argv.slice(0, 3).map(String), ["SET", "key", "value"]);
    assert.equal(found.db, 3);
    assert.ok(found.shard === 0 || found.shard === 1);
    assert.equal(typeof found.offset, "bigint");
    assert.ok(found.offset > 0n);
    assert.equal(found.reason, "");
    session.close();
    replica.close();
  });

  test("a transaction over several shards arrives whole, between its two ends", async () => {
    const replica = new Replica({ url });
    await new Copy().catchUp(replica);
    const names = Array.from({ length: 8 }, (_, i) => `transaction:${i}`);
    names.reduce((multi, name) => multi.set(name, 1), db.multi()).exec();
    const kinds = [];
    for await (const frame of replica.frames()) {
      kinds.push(frame.kind);
      if (frame.kind === "txn-end") break;
    }
    const begin = kinds.indexOf("txn-begin");
    assert.deepEqual(kinds.slice(begin), ["txn-begin", ...names.map(() => "command"), "txn-end"]);
    replica.close();
  });

  test("batches have a length, take indexes and can be gone through again", async () => {
    const replica = new Replica({ url, batchFramesMax: 3 });
    const batch = await replica.nextBatch();
    assert.ok(batch.length >= 1 && batch.length <= 3);
    assert.deepEqual([...batch].map(({ kind }) => kind), [...batch].map((_, i) => batch.at(i).kind));
    assert.equal(batch.at(-1).kind, batch.at(batch.length - 1).kind);
    assert.equal(batch.at(batch.length), undefined);
    assert.equal(batch.at(0.5), undefined);
    assert.ok(batch.byteLength >= 0);
    replica.close();
  });
});

describe("cursors", () => {
  test("a replica goes on from a cursor without a second snapshot", async () => {
    db.flushall();
    for (let i = 0; i < 100; i++) db.set(`key:${i}`, i);
    const copy = new Copy();
    const first = new Replica({ url });
    assert.equal(first.cursor.length, 0);
    await copy.catchUp(first);
    const cursor = first.cursor;
    assert.ok(cursor.length > 0);
    first.close();
    for (let i = 50; i < 150; i++) db.set(`key:${i}`, -i);
    const second = new Replica({ url, cursor });
    await copy.catchUp(second);
    assert.equal(copy.snapshots, 1);
    second.close();
  });

  test("with batches of one frame every frame has its cursor", async () => {
    db.flushall();
    const replica = new Replica({ url, batchFramesMax: 1 });
    const copy = new Copy();
    db.set("a", 1);
    await copy.catchUp(replica);
    for (let i = 0; i < 20; i++) db.append("a", "x");
    let applied = 0;
    for await (const frame of replica.frames()) {
      if (frame.kind !== "command") continue;
      copy.keyspace.apply(frame.db, frame.argv);
      applied += 1;
      if (applied === 10) break;
    }
    const rest = new Replica({ url, cursor: replica.cursor });
    replica.close();
    await copy.catchUp(rest);
    assert.equal(copy.keyspace.get("a"), `1${"x".repeat(20)}`);
    rest.close();
  });

  test("bytes that are no cursor are refused", () => {
    assert.throws(() => new Replica({ url, cursor: Buffer.from("nonsense") }), { name: "CorruptError", code: "CORRUPT" });
  });

  test("the primary learns what was applied, at once or when told", async () => {
    for (const acknowledge of ["auto", "manual"]) {
      const replica = new Replica({ url, id: `ack-${acknowledge}`, acknowledge });
      db.set("acknowledged", acknowledge);
      await new Copy().catchUp(replica);
      replica.ack();
      replica.ack(replica.cursor);
      const stats = await replica.stats();
      assert.equal(stats.up, true);
      assert.equal(stats.connections, 1);
      assert.ok(stats.entries > 0 && stats.bytes > 0);
      assert.deepEqual([stats.snapshots, stats.resyncs], [1, 0]);
      assert.ok(stats.silentMs >= 0);
      replica.close();
    }
  });
});

describe("waits", () => {
  /** A replica with nothing left to hand out. */
  async function idle(options = {}) {
    const replica = new Replica({ url, ...options });
    await new Copy().catchUp(replica);
    return replica;
  }

  test("a wait ends by its signal and the replica goes on", async () => {
    const replica = await idle();
    const controller = new AbortController();
    const wait = replica.nextBatch({ signal: controller.signal });
    controller.abort();
    await assert.rejects(wait, { name: "AbortError" });
    const reason = new Error("enough");
    await assert.rejects(replica.next({ signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(async () => {
      for await (const batch of replica.batches({ signal: AbortSignal.timeout(5) })) void batch;
    }, { name: "TimeoutError" });
    db.set("after", String(Math.random()));
    const signal = new AbortController().signal;
    const batch = await replica.nextBatch({ signal });
    assert.ok(batch.length > 0);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    replica.close();
  });

  test("interrupt ends every wait under way", async () => {
    const replica = await idle();
    const waits = [replica.nextBatch(), replica.next()];
    replica.interrupt();
    for (const wait of waits) await assert.rejects(wait, InterruptedError);
    db.set("after", String(Math.random()));
    assert.ok((await replica.nextBatch()).length > 0);
    replica.close();
  });

  test("closing ends waits and loops; later waits throw ClosedError", async () => {
    const replica = await idle();
    const wait = replica.nextBatch();
    replica.close();
    replica.close();
    assert.equal(await wait, null);
    await assert.rejects(replica.nextBatch(), ClosedError);
    await assert.rejects(replica.next(), ClosedError);
    await assert.rejects(replica.stats(), ClosedError);
    assert.throws(() => replica.ack(), ClosedError);
    const second = await idle();
    const looped = (async () => {
      for await (const batch of second) void batch;
      return "ended";
    })();
    second[Symbol.dispose]();
    assert.equal(await looped, "ended");
  });

  test("several waits share what comes in the order they were made", async () => {
    const replica = await idle({ batchFramesMax: 1 });
    const waits = [1, 2, 3].map(() => replica.nextBatch());
    for (let i = 0; i < 3; i++) db.set("same key", i);
    const batches = await Promise.all(waits);
    const offsets = batches.map((batch) => batch.at(0).offset);
    assert.deepEqual(offsets, offsets.toSorted((a, b) => Number(a - b)));
    replica.close();
  });

  test("a program that is slow slows the link and loses nothing", async () => {
    db.flushall();
    const replica = new Replica({ url, batchFramesMax: 10, batchesMax: 1 });
    const copy = new Copy();
    for (let i = 0; i < 20_000; i++) db.set(`key:${i % 1000}`, "x".repeat(100) + i);
    await copy.catchUp(replica);
    assert.equal(copy.keyspace.dbsize(), 1000);
    replica.close();
  });

  test("an idle replica keeps no process alive, a wait does", () => {
    const program = (last) => `
      import { Replica, Runtime } from "kevy";
      const runtime = await Runtime.start({ shards: 1 });
      runtime.session().set("key", "value");
      const replica = new Replica({ runtime });
      while ((await replica.nextBatch()).at(-1).kind !== "snapshot-end");
      process.on("exit", () => console.log("exit"));
      ${last}`;
    const run = (last) =>
      spawnSync(process.execPath, ["--input-type=module", "-e", program(last)], { encoding: "utf8", timeout: 60_000, cwd: new URL(".", import.meta.url) });
    assert.equal(run("").stdout, "exit\n");
    const waited = run(`
      setTimeout(() => runtime.session().set("late", 1), 50).unref();
      while (!(await replica.nextBatch()).at(-1).argv.map(String).includes("late"));
      console.log("came");`);
    assert.equal(waited.stdout, "came\nexit\n", waited.stderr);
  });
});

describe("links", () => {
  test("a runtime of this process is a source, without a port", async () => {
    const silent = await Runtime.start({ shards: 2 });
    silent.session().set("key", "value");
    const replica = new Replica({ runtime: silent });
    const kinds = new Set();
    for await (const frame of replica.frames()) {
      kinds.add(frame.kind);
      if (frame.kind === "snapshot-end") break;
    }
    assert.ok(kinds.has("entry"));
    replica.close();
    await silent.close();
  });

  test("a descriptor is a source, and its end is the replica's", async () => {
    const own = await Runtime.start({ shards: 1 });
    const fd = own.connectFd();
    const replica = new Replica({ fd });
    closeSync(fd);
    while ((await replica.next()).kind !== "snapshot-end");
    await own.close();
    await assert.rejects(async () => {
      for await (const frame of replica.frames()) assert.equal(frame.kind, "link");
    }, ClosedError);
    replica.close();
    assert.throws(() => new Replica({ fd: 123456 }), { code: "IO" });
  });

  test("a link that breaks is told and made again", async () => {
    const target = runtime.port;
    const sockets = new Set();
    const proxy = createServer((inner) => {
      const outer = connect(target, "127.0.0.1");
      sockets.add(inner);
      inner.pipe(outer).pipe(inner);
      inner.on("error", () => outer.destroy());
      outer.on("error", () => inner.destroy());
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const replica = new Replica({ url: `kevy://127.0.0.1:${proxy.address().port}`, reconnectDelayMin: 1, reconnectDelayMax: 1 });
    const copy = new Copy();
    db.set("proxied", 1);
    await copy.catchUp(replica);
    sockets.forEach((socket) => socket.destroy());
    const links = [];
    while (links.at(-1) !== true) {
      const frame = await replica.next();
      if (frame.kind === "link") {
        links.push(frame.up);
        if (!frame.up) assert.notEqual(frame.reason, "");
      }
    }
    assert.deepEqual(links, [false, true]);
    db.set("proxied", 2);
    await copy.catchUp(replica);
    assert.equal(copy.snapshots, 1);
    replica.close();
    proxy.close();
    sockets.forEach((socket) => socket.destroy());
  });

  test("a wrong source or option is refused where it is given", () => {
    assert.throws(() => new Replica({}), { code: "INVALID_ARGUMENT" });
    assert.throws(() => new Replica({ url, fd: 1 }), { code: "INVALID_ARGUMENT" });
    assert.throws(() => new Replica({ url: "http://somewhere" }), { code: "INVALID_OPTION" });
    assert.throws(() => new Replica({ url, nothing: 1 }), { code: "INVALID_OPTION" });
    assert.throws(() => new Replica({ url, batchFramesMax: 0 }), { code: "INVALID_ARGUMENT" });
    assert.throws(() => new Replica({ url, acknowledge: "never" }), { code: "INVALID_ARGUMENT" });
    assert.throws(() => new Replica({ url: "sentinel://a,b" }), { code: "INVALID_OPTION" });
  });

  test("a primary that wants a password says so once for each try", async () => {
    const locked = await Runtime.start({ shards: 1, port: 0, bind: "127.0.0.1", requirepass: "secret" });
    const replica = new Replica({ url: `kevy://127.0.0.1:${locked.port}`, reconnectDelayMin: 1, reconnectDelayMax: 1 });
    for (let i = 0; i < 2; i++) {
      await assert.rejects(async () => {
        for await (const frame of replica.frames()) assert.equal(frame.kind, "link");
      }, { name: "AuthError" });
    }
    replica.close();
    const open = new Replica({ url: `kevy://:secret@127.0.0.1:${locked.port}` });
    while ((await open.next()).kind !== "snapshot-end");
    open.close();
    await locked.close();
  });
});
