// Commands on a session: values in and out, options, batches, transactions, errors.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import * as kevy from "kevy";

const { Runtime, ClosedError, ReplyError, WrongTypeError } = kevy;

let runtime;
let db;
before(async () => {
  runtime = await Runtime.start({ shards: 2 });
  db = runtime.session();
});
beforeEach(() => db.flushall());
after(() => runtime.close());

/** Bytes that no text has. */
const noText = Buffer.from([0xff, 0x00, 0xfe, 0x80, 0x0a]);

describe("values", () => {
  test("strings come back as they were, whatever alphabet they are in", () => {
    for (const text of ["", "ascii", "grüße", "日本語", "🙂", "nul\0inside", "x".repeat(5000), "ü".repeat(3000)]) {
      db.set("key", text);
      assert.equal(db.get("key"), text);
      assert.equal(db.strlen("key"), Buffer.byteLength(text));
    }
  });

  test("a missing key is null in every form", () => {
    assert.equal(db.get("missing"), null);
    assert.equal(db.getBuffer("missing"), null);
    assert.equal(db.getInto("missing", Buffer.alloc(1)), -1);
    assert.equal(db.hget("missing", "field"), null);
    assert.deepEqual(db.mget("missing", "too"), [null, null]);
    assert.deepEqual(db.hgetall("missing"), {});
  });

  test("bytes that are no text survive as Buffers, in keys too", () => {
    db.set(noText, noText);
    assert.deepEqual(db.getBuffer(noText), noText);
    assert.equal(db.get(noText), noText.toString());
    assert.deepEqual(db.keysBuffer("*"), [noText]);
    db.hset("hash", noText, noText);
    assert.deepEqual(db.hgetBuffer("hash", noText), noText);
    assert.deepEqual(db.callBuffer("HGETALL", "hash"), new Map([[noText, noText]]));
  });

  test("Buffers of every size are whole", () => {
    for (const size of [0, 1, 7, 8, 100, 4095, 4096, 4097, 16383, 16384, 16385, 1 << 20, 20 << 20]) {
      const value = Buffer.alloc(size, "abcdefg");
      db.set("key", value);
      const got = db.getBuffer("key");
      assert.ok(Buffer.isBuffer(got));
      assert.ok(got.equals(value), `${size} bytes`);
    }
  });

  test("typed arrays and views of a part of one are arguments", () => {
    db.set("key", new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
    assert.deepEqual(db.getBuffer("key"), Buffer.from([2, 3]));
    db.set("key", new Uint16Array([0x4142]));
    assert.equal(db.get("key"), "BA");
    db.set(new Uint8Array(0), "empty key");
    assert.equal(db.get(""), "empty key");
  });

  test("numbers and bigints are written in decimal", () => {
    db.set("key", 1.5);
    assert.equal(db.get("key"), "1.5");
    db.set("key", 9007199254740993n);
    assert.equal(db.get("key"), "9007199254740993");
  });

  test("integers are numbers as long as they are exact", () => {
    db.set("key", Number.MAX_SAFE_INTEGER - 1);
    assert.equal(db.incr("key"), Number.MAX_SAFE_INTEGER);
    assert.equal(db.incr("key"), 9007199254740992n);
    assert.equal(db.incrby("key", 9214364837600034814n), 9223372036854775806n);
    db.set("key", -2147483649);
    assert.equal(db.decr("key"), -2147483650);
  });

  test("half a surrogate pair is written as U+FFFD", () => {
    db.set("key", "a\ud800b");
    assert.equal(db.get("key"), "a\ufffdb");
  });

  test("keys longer than any buffer at hand", () => {
    for (const unit of ["k", "ü", "日", "🙂"]) {
      for (const length of [340, 341, 342, 1023, 1024, 1025, 5000]) {
        const key = unit.repeat(length);
        db.set(key, length);
        assert.equal(db.get(key), String(length));
        assert.equal(db.get(Buffer.from(key)), String(length));
      }
    }
  });

  test("what is no argument is refused before anything happens", () => {
    for (const wrong of [undefined, null, {}, [], true, Symbol("s"), () => {}]) {
      assert.throws(() => db.get(wrong), { name: "TypeError", code: "ERR_INVALID_ARG_TYPE" });
      assert.throws(() => db.set("key", wrong), { name: "TypeError", code: "ERR_INVALID_ARG_TYPE" });
      assert.throws(() => db.call("SET", "key", wrong), TypeError);
      assert.throws(() => db.pipeline().call("SET", "key", wrong).exec(), TypeError);
    }
    assert.throws(() => db.get(), TypeError);
    assert.equal(db.exists("key"), 0);
  });
});

describe("Buffers are the caller's", () => {
  test("writing to one changes neither the key nor another", () => {
    db.set("key", "value");
    const buffers = Array.from({ length: 2000 }, () => db.getBuffer("key"));
    buffers.forEach((buffer, i) => buffer.fill(i % 256));
    assert.ok(buffers.every((buffer, i) => buffer.every((byte) => byte === i % 256)));
    assert.equal(db.get("key"), "value");
    const large = "x".repeat(100_000);
    db.set("large", large);
    db.getBuffer("large").fill(0);
    assert.equal(db.get("large"), large);
  });

  test("one does not change when its key does", () => {
    db.set("key", "before");
    const buffer = db.getBuffer("key");
    db.set("key", "behind");
    assert.equal(buffer.toString(), "before");
  });

  test("taking the memory away from one leaves the rest working", () => {
    db.set("key", "value");
    const buffer = db.getBuffer("key");
    try {
      structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    } catch (error) {
      assert.equal(error.name, "DataCloneError");
    }
    // Later versions of Node can detach memory in other ways.
    buffer.buffer.transfer?.();
    for (let i = 0; i < 5000; i++) {
      assert.equal(db.getBuffer("key").toString(), "value");
    }
  });

  test("getInto fills as much as fits and tells the whole length", () => {
    db.set("key", "0123456789");
    const target = Buffer.alloc(4);
    assert.equal(db.getInto("key", target), 10);
    assert.equal(target.toString(), "0123");
    const roomy = Buffer.alloc(12, ".");
    assert.equal(db.getInto("key", roomy), 10);
    assert.equal(roomy.toString(), "0123456789..");
    assert.throws(() => db.getInto("key", "no buffer"), TypeError);
  });
});

describe("methods", () => {
  test("options of SET as an object and as arguments", () => {
    assert.equal(db.set("key", "1", { ex: 100, nx: true }), "OK");
    assert.equal(db.ttl("key"), 100);
    assert.equal(db.set("key", "2", "NX"), null);
    assert.equal(db.set("key", "2", { get: true, keepttl: true }), "1");
    assert.equal(db.set("key", "3", "PX", 5000, "XX"), "OK");
    assert.ok(db.pttl("key") <= 5000);
    assert.equal(db.set("key", "4", {}), "OK");
    assert.equal(db.set("key", "4", { px: undefined, xx: false }), "OK");
    assert.equal(db.ttl("key"), -1);
    assert.throws(() => db.set("key", "5", { maybe: true }), { code: "ERR", message: "ERR syntax error" });
  });

  test("hashes from objects, Maps and lists", () => {
    assert.equal(db.hset("hash", { a: 1, b: "two" }), 2);
    assert.equal(db.hset("hash", new Map([["c", Buffer.from("3")]])), 1);
    assert.equal(db.hset("hash", "d", "4", "e", 5), 2);
    assert.deepEqual(db.hgetall("hash"), { a: "1", b: "two", c: "3", d: "4", e: "5" });
    assert.deepEqual(db.hgetallBuffer("hash").b, Buffer.from("two"));
    assert.deepEqual(db.hmget("hash", "a", "x"), ["1", null]);
    assert.deepEqual(db.hmget("hash", ["a", "x"]), ["1", null]);
    assert.equal(db.hdel("hash", "d", "e", "x"), 2);
    assert.equal(db.hincrby("hash", "a", 4), 5);
    assert.equal(db.hincrbyfloat("hash", "a", 0.5), "5.5");
    assert.deepEqual([...db.hscanIterator("hash", { match: "[ab]" })].sort(), [["a", "5.5"], ["b", "two"]]);
  });

  test("fields expire", () => {
    db.hset("hash", { a: 1, b: 2, c: 3 });
    assert.deepEqual(db.hexpire("hash", 100, ["a", "x"]), [1, -2]);
    assert.deepEqual(db.hexpire("hash", 100, ["a", "b"], "NX"), [0, 1]);
    assert.deepEqual(db.httl("hash", ["a", "c"]), [100, -1]);
    assert.deepEqual(db.httl("hash", "FIELDS", 1, "a"), [100]);
    assert.deepEqual(db.hpersist("hash", ["a"]), [1]);
    assert.equal(db.hsetex("hash", { d: 4 }, { ex: 50 }), 1);
    assert.deepEqual(db.hgetex("hash", ["d"], { persist: true }), ["4"]);
    assert.deepEqual(db.httl("hash", ["d"]), [-1]);
    assert.deepEqual(db.hgetdel("hash", ["c", "d"]), ["3", "4"]);
    assert.equal(db.hlen("hash"), 2);
  });

  test("keys", () => {
    db.mset({ a: 1, b: 2 });
    assert.equal(db.msetnx("a", 1, "c", 3), 0);
    assert.equal(db.exists("a", "b", "c"), 2);
    assert.equal(db.exists(["a", "a"]), 2);
    assert.equal(db.expire("a", 100), 1);
    assert.equal(db.expire("a", 50, "GT"), 0);
    assert.equal(db.persist("a"), 1);
    assert.equal(db.copy("a", "c", { replace: true }), 1);
    assert.equal(db.rename("c", "d"), "OK");
    assert.equal(db.type("d"), "string");
    assert.equal(db.restore("e", 0, db.dumpBuffer("d")), "OK");
    assert.equal(db.get("e"), "1");
    assert.equal(db.touch("a", "x"), 1);
    assert.equal(db.del("a", "b"), 2);
    assert.equal(db.del(["d"]), 1);
    assert.equal(db.unlink("e"), 1);
    assert.equal(db.dbsize(), 0);
    assert.equal(db.randomkey(), null);
  });

  test("strings", () => {
    assert.equal(db.append("key", "hello"), 5);
    assert.equal(db.getrange("key", 1, 3), "ell");
    assert.deepEqual(db.getrangeBuffer("key", 1, 3), Buffer.from("ell"));
    assert.equal(db.setrange("key", 5, "!"), 6);
    assert.equal(db.getset("key", "x"), "hello!");
    assert.equal(db.getex("key", { ex: 10 }), "x");
    assert.equal(db.getex("key", "PERSIST"), "x");
    assert.equal(db.getdel("key"), "x");
    assert.equal(db.setnx("key", 1), 1);
    assert.equal(db.incrbyfloat("key", 0.5), "1.5");
    assert.equal(db.setex("key", 10, "v"), "OK");
    db.mset("a", "ohmytext", "{a}b", "mynewtext");
    assert.equal(db.lcs("a", "a"), "ohmytext");
  });

  test("scanIterator meets every key", () => {
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    for (const key of keys) db.set(key, 1);
    assert.deepEqual([...new Set(db.scanIterator({ count: 50 }))].sort(), keys.sort());
    assert.deepEqual([...db.scanIterator({ match: "key:7", count: 1000 })], ["key:7"]);
  });

  test("the server", () => {
    assert.equal(db.ping(), "PONG");
    assert.equal(db.echo("hello"), "hello");
    assert.match(db.info("server"), /# Server/);
    assert.deepEqual(db.config("GET", "databases"), { databases: "16" });
    const [seconds, micros] = db.time();
    assert.ok(Math.abs(seconds * 1000 - Date.now()) < 60_000 && micros < 1e6);
    assert.equal(db.select(1), "OK");
    assert.equal(db.dbsize(), 0);
    assert.equal(db.select(0), "OK");
    assert.equal(typeof db.client("ID"), "number");
  });

  test("a session can begin in another database", () => {
    const other = runtime.session({ db: 3 });
    other.set("key", "three");
    assert.equal(db.get("key"), null);
    other.close();
  });

  test("a field may have any name", () => {
    db.hset("hash", "__proto__", "value", "constructor", "x");
    const all = db.hgetall("hash");
    assert.equal(Object.getPrototypeOf(all), Object.prototype);
    assert.deepEqual(Object.entries(all).sort(), [["__proto__", "value"], ["constructor", "x"]]);
  });

  test("apply takes a frame's command and its database", () => {
    db.apply(2, ["SET", "key", noText]);
    assert.equal(db.exists("key"), 1);
    db.select(0);
    assert.equal(db.exists("key"), 0);
    assert.throws(() => db.apply(-1, ["SET", "a", "b"]), TypeError);
    assert.throws(() => db.apply(0, ["NOSUCH"]), ReplyError);
    assert.throws(() => db.apply(0, []), { code: "INVALID_ARGUMENT" });
  });
});

describe("batches and transactions", () => {
  test("a pipeline gives all results, errors among them", () => {
    const results = db.pipeline().set("key", "text").incr("key").getBuffer("key").call("STRLEN", "key").exec();
    assert.equal(results.length, 4);
    assert.equal(results[0], "OK");
    assert.ok(results[1] instanceof ReplyError);
    assert.deepEqual(results.slice(2), [Buffer.from("text"), 4]);
    assert.deepEqual(db.pipeline().exec(), []);
  });

  test("a pipeline of many commands with Buffers", () => {
    const pipeline = db.pipeline();
    for (let i = 0; i < 3000; i++) pipeline.set(`k${i}`, "v".repeat(i % 50)).getBuffer(`k${i}`);
    assert.equal(pipeline.length, 6000);
    pipeline.exec().forEach((result, i) => {
      assert.deepEqual(result, i % 2 === 0 ? "OK" : Buffer.alloc(((i - 1) / 2) % 50, "v"));
    });
    assert.equal(pipeline.length, 0);
  });

  test("a transaction runs whole and reads each reply in its own way", () => {
    db.hset("hash", { a: 1 });
    const results = db.multi().incr("n").hgetall("hash").hgetallBuffer("hash").callBuffer("HGETALL", "hash").time().exec();
    assert.deepEqual(results.slice(0, 4), [1, { a: "1" }, { a: Buffer.from("1") }, new Map([[Buffer.from("a"), Buffer.from("1")]])]);
    assert.equal(typeof results[4][0], "number");
  });

  test("a transaction gives null where a watched key has changed", () => {
    const other = runtime.session();
    db.watch("key");
    other.set("key", "changed");
    assert.equal(db.multi().set("key", "mine").exec(), null);
    assert.equal(db.get("key"), "changed");
    assert.deepEqual(db.multi().set("key", "mine").exec(), ["OK"]);
    other.close();
  });

  test("a transaction with a command that cannot be does nothing and tells why", () => {
    assert.throws(() => db.multi().set("key", 1).call("NOSUCH").exec(), (error) => {
      assert.equal(error.code, "EXECABORT");
      assert.match(error.cause.message, /unknown command/);
      return true;
    });
    assert.equal(db.exists("key"), 0);
    assert.deepEqual(db.multi().ping().exec(), ["PONG"]);
  });

  test("an error within a transaction is a result", () => {
    db.set("key", "text");
    const [first, second] = db.multi().incr("key").append("key", "!").exec();
    assert.ok(first instanceof ReplyError);
    assert.equal(second, 5);
  });
});

describe("waits", () => {
  test("wait gives how many replicas have everything, while this thread goes on", async () => {
    db.set("key", "value");
    assert.equal(await db.wait(0, 0), 0);
    const waiting = db.wait(1, 0);
    assert.equal(db.get("key"), "value");
    const replica = new kevy.Replica({ runtime });
    const following = (async () => {
      for await (const batch of replica) void batch;
    })();
    assert.equal(await waiting, 1);
    replica.close();
    await following;
    // The runtime learns a little later that it is gone.
    let near;
    for (const deadline = Date.now() + 10_000; (near = await db.wait(5, 1)) > 0 && Date.now() < deadline; );
    assert.equal(near, 0);
  });

  test("a wait ends by its signal, and with its runtime", async () => {
    const controller = new AbortController();
    const waiting = db.wait(9, 0, { signal: controller.signal });
    controller.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    await assert.rejects(db.wait(9, 0, { signal: AbortSignal.abort(new Error("no")) }), { message: "no" });
    await assert.rejects(db.wait(-1, -1), { code: "ERR" });
    const own = await Runtime.start({ shards: 1 });
    const late = assert.rejects(own.session().wait(9, 0), { name: "ClosedError" });
    await own.close();
    await late;
  });
});

describe("commands that wait", () => {
  test("are served in the order in which they came, while this thread goes on", async () => {
    const waiting = [];
    for (let i = 0; i < 5; i++) {
      waiting.push(db.blpop("jobs", 0));
      while (!db.info("clients").includes(`blocked_clients:${i + 1}\r`)) await new Promise(setImmediate);
    }
    assert.equal(db.rpush("jobs", "a", "b", "c", "d", "e", "f"), 6);
    assert.deepEqual((await Promise.all(waiting)).map(([, job]) => job), ["a", "b", "c", "d", "e"]);
    assert.deepEqual(db.lrange("jobs", 0, -1), ["f"]);
  });

  test("wait in the session's database and give Buffers where they are asked for", async () => {
    const other = runtime.session({ db: 5 });
    const waiting = other.bzpopminBuffer("z", 0);
    db.zadd("z", { here: 1 });
    other.zadd("z", [[noText, 2]]);
    assert.deepEqual(await waiting, [Buffer.from("z"), noText, 2]);
    assert.equal(db.zcard("z"), 1);
    other.close();
  });

  test("take nothing once their signal has ended them", async () => {
    const controller = new AbortController();
    const waiting = db.brpop("jobs", 0, { signal: controller.signal });
    controller.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    db.rpush("jobs", "kept");
    assert.deepEqual(db.lrange("jobs", 0, -1), ["kept"]);
    await assert.rejects(db.blpop("jobs", 0, { signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.equal(db.llen("jobs"), 1);
  });

  test("reject with what is wrong", async () => {
    db.set("text", "x");
    await assert.rejects(db.blpop("text", 0), WrongTypeError);
    await assert.rejects(db.blpop("jobs", -1), { code: "ERR", message: "ERR timeout is negative" });
    await assert.rejects(db.blpop({}, 0), TypeError);
    const own = await Runtime.start({ shards: 1 });
    const late = assert.rejects(own.session().blpop("jobs", 0), ClosedError);
    await own.close();
    await late;
    const closed = runtime.session();
    closed.close();
    await assert.rejects(closed.blpop("jobs", 0), ClosedError);
  });
});

describe("errors", () => {
  test("an error reply has its class, code and text", () => {
    db.hset("hash", "f", 1);
    for (const call of [() => db.get("hash"), () => db.getBuffer("hash"), () => db.call("GET", "hash"), () => db.incr("hash")]) {
      assert.throws(call, (error) => {
        assert.ok(error instanceof WrongTypeError && error instanceof ReplyError && error instanceof kevy.KevyError);
        assert.equal(error.code, "WRONGTYPE");
        assert.equal(error.kind, "WRONG_TYPE");
        assert.equal(error.name, "WrongTypeError");
        assert.equal(error.message, "WRONGTYPE Operation against a key holding the wrong kind of value");
        return true;
      });
    }
    assert.throws(() => db.call("NOSUCH"), { name: "ReplyError", code: "ERR", kind: "SERVER" });
    assert.throws(() => db.call(""), ReplyError);
  });

  test("memory that is used up is an OutOfMemoryError", async () => {
    const small = await Runtime.start({ shards: 1, maxmemory: "1mb", maxmemoryPolicy: "noeviction" });
    const session = small.session();
    assert.throws(() => {
      for (let i = 0; i < 10_000; i++) session.set(`key:${i}`, "x".repeat(1000));
    }, { name: "OutOfMemoryError", code: "OOM", retriable: true });
    await small.close();
  });

  test("a closed session throws ClosedError, closing again does nothing", () => {
    const session = runtime.session();
    session.close();
    session.close();
    for (const call of [
      () => session.get("key"),
      () => session.getBuffer("key"),
      () => session.set("key", 1),
      () => session.call("PING"),
      () => session.pipeline().ping().exec(),
      () => session.multi().ping().exec(),
      () => session.apply(0, ["SET", "a", "b"]),
    ]) {
      assert.throws(call, { name: "ClosedError", code: "CLOSED", fatal: true });
    }
  });

  test("a session ends with its block", () => {
    const session = runtime.session();
    session[Symbol.dispose]();
    assert.throws(() => session.get("key"), ClosedError);
  });

  test("an error's trace handler that calls back meets BusyError, not a broken session", () => {
    const before = Error.prepareStackTrace;
    let inner;
    Error.prepareStackTrace = (error, frames) => {
      try {
        db.get("key");
      } catch (failure) {
        inner ??= failure;
      }
      return `${error} ${frames.length}`;
    };
    try {
      const [error] = db.pipeline().call("NOSUCH").exec();
      assert.equal(typeof error.stack, "string");
    } finally {
      Error.prepareStackTrace = before;
    }
    assert.ok(inner === undefined || inner instanceof kevy.BusyError);
    assert.equal(db.ping(), "PONG");
  });
});
