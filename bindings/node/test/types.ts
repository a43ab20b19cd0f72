// Compiled with strict settings, and run: what the declarations promise, and what they must refuse.

import { createClient } from "redis";
import { Redis } from "ioredis";
import { type Batch, type Frame, Keyspace, KevyError, type OnLoad, Replica, Runtime, Session } from "kevy";

/** Compiles only where the type is exactly the one given. */
function exactly<T>() {
  return <U,>(_value: U & ([T] extends [U] ? ([U] extends [T] ? unknown : never) : never)): void => {};
}

/** Replies as declared; what the calls do is tested elsewhere. */
function replies(db: Session): void {
  exactly<string | null>()(db.lpop("list"));
  exactly<string[] | null>()(db.lpop("list", 2));
  exactly<Buffer[] | null>()(db.rpopBuffer("list", 2));
  exactly<[string, string[]] | null>()(db.lmpop(["a", "b"], "LEFT", { count: 1 }));
  exactly<number | null>()(db.lpos("list", "a", { rank: -1 }));
  exactly<number[]>()(db.lpos("list", "a", { count: 0 }));
  exactly<string[]>()(db.spop("set", 2));
  exactly<Buffer | null>()(db.srandmemberBuffer("set"));
  exactly<number>()(db.zadd("board", { ada: 42 }, { gt: true }));
  exactly<number | null>()(db.zadd("board", [["ada", 1]], { incr: true }));
  exactly<number | null>()(db.zadd("board", "NX", 1, "ada"));
  exactly<string[]>()(db.zrange("board", 0, -1));
  exactly<string[]>()(db.zrange("board", "(1", "+inf", { byscore: true, limit: [0, 10] }));
  exactly<[string, number][]>()(db.zrange("board", 0, -1, { rev: true, withscores: true }));
  exactly<[Buffer, number][]>()(db.zrangeBuffer("board", 0, -1, { withscores: true }));
  exactly<string[] | [string, number][]>()(db.zrange("board", 0, -1, "REV", "WITHSCORES"));
  exactly<[string, number] | null>()(db.zpopmin("board"));
  exactly<[string, [string, number][]] | null>()(db.zmpop(["board"], "MAX"));
  exactly<[number, number] | null>()(db.zrank("board", "ada", "WITHSCORE"));
  exactly<[string, number][]>()(db.zunion(["a", "b"], { weights: [1, 2], aggregate: "MAX", withscores: true }));
  exactly<string>()(db.xadd("log", "*", { level: "info" }, { maxlen: ["~", 1000] }));
  exactly<string | null>()(db.xadd("log", "*", { level: "info" }, { nomkstream: true }));
  exactly<[string, Record<string, string>][]>()(db.xrange("log", "-", "+", { count: 10 }));
  exactly<[Buffer, Record<string, Buffer>][]>()(db.xrangeBuffer("log", "-", "+"));
  exactly<Record<string, [string, Record<string, string>][]> | null>()(db.xread({ log: "0" }, { count: 1 }));
  exactly<string[]>()(db.xclaim("log", "group", "me", 0, ["1-0"], { justid: true }));
  exactly<number | null>()(db.geodist("sicily", "Palermo", "Catania", "km"));
  exactly<string[]>()(db.geosearch("sicily", { frommember: "Palermo", byradius: [200, "km"] }));
  exactly<[string, number, [number, number]][]>()(
    db.geosearch("sicily", { fromlonlat: [15, 37], byradius: [200, "km"], withdist: true, withcoord: true }),
  );
  exactly<[Buffer, number][]>()(db.geosearchBuffer("sicily", { frommember: "Palermo", bybox: [1, 1, "km"], withdist: true }));
  exactly<(number | null)[]>()(db.bitfield("bits", ["SET", "u8", 0, 255], ["GET", "u4", "#1"]));
  exactly<number>()(db.sort("ids", { by: "weight_*", store: "sorted" }));
  exactly<(string | null)[]>()(db.sort("ids", { get: ["#", "name_*"] }));
  exactly<{ year: number } | null>()(db.json.get<{ year: number }>("doc"));
  exactly<Buffer | null>()(db.json.getBuffer("doc"));
  exactly<(number | null)[]>()(db.json.strlen("doc", "$.name"));
  exactly<number | null>()(db.json.strlen("doc", ".name"));
  exactly<Promise<[string, string] | null>>()(db.blpop("jobs", 1));
  exactly<Promise<[Buffer, Buffer] | null>>()(db.blpopBuffer(["jobs", "more"], 1, { signal: new AbortController().signal }));
  exactly<Promise<[string, string, number] | null>>()(db.bzpopmin("board", 1));
  exactly<Promise<Record<string, [string, Record<string, string>][]> | null>>()(db.xread({ log: "$" }, { block: 1 }));
  exactly<unknown[]>()(db.pipeline().zrange("board", 0, -1, { withscores: true }).json.get("doc").xread({ log: "0" }).exec());
}

async function main(): Promise<void> {
  await using runtime = await Runtime.start({ shards: 1, port: 0, maxmemoryPolicy: "noeviction", "repl-backlog-size": "1mb" });
  using db: Session = runtime.session();
  exactly<number>()(runtime.openReport().bytesCut);
  exactly<OnLoad>()((read: number, total: number): void => void [read, total]);

  exactly<string | null>()(db.get("key"));
  exactly<Buffer | null>()(db.setBuffer("key", 1, { get: true }));
  exactly<Buffer | "OK" | null>()(db.setBuffer("key", 1, "GET"));
  exactly<Buffer | null>()(db.getBuffer(Buffer.from("key")));
  exactly<number>()(db.getInto("key", new Uint8Array(8)));
  exactly<"OK">()(db.set("key", 1));
  exactly<"OK" | null>()(db.set("key", 1n, { ex: 60, nx: true }));
  exactly<string | null>()(db.set("key", 1n, { ex: 60, get: true }));
  exactly<string | null>()(db.set("key", new Uint8Array(1), "EX", 60));
  exactly<(string | null)[]>()(db.mget("a", "b"));
  exactly<(Buffer | null)[]>()(db.mgetBuffer(["a", "b"]));
  exactly<Record<string, string>>()(db.hgetall("hash"));
  exactly<Record<string, Buffer>>()(db.hgetallBuffer("hash"));
  exactly<number>()(db.hset("hash", { a: 1, b: "two" }));
  exactly<number[]>()(db.hexpire("hash", 60, ["a"], "NX"));
  exactly<[string, string[]]>()(db.scan(0, { match: "*", count: 10 }));
  exactly<[Buffer, Buffer[]]>()(db.scanBuffer(0));
  exactly<unknown>()(db.call("PING"));
  exactly<unknown[]>()(db.pipeline().set("a", 1).getBuffer("a").exec());
  exactly<unknown[] | null>()(db.multi().incr("a").exec());
  for (const key of db.scanIterator({ type: "string" })) exactly<string>()(key);

  const refused = [
    // @ts-expect-error a key is a string or bytes
    () => db.get(1),
    // @ts-expect-error a value is no object
    () => db.set("key", {}),
    // @ts-expect-error there is no such option
    () => db.set("key", "value", { forever: true }),
    // @ts-expect-error a condition is one of four
    () => db.expire("key", 1, "MAYBE"),
    // @ts-expect-error there is no such unit
    () => db.geosearch("sicily", { frommember: "Palermo", byradius: [200, "leagues"] }),
    // @ts-expect-error a step of BITFIELD has a verb first
    () => db.bitfield("bits", ["u8", 0]),
    // @ts-expect-error nobody writes to a bare keyspace while it waits
    () => new Keyspace().blpop("jobs", 0),
    // @ts-expect-error a queue does not wait
    () => db.pipeline().xread({ log: "$" }, { block: 0 }),
    // @ts-expect-error a status has no Buffer
    () => db.msetBuffer({ a: 1 }),
    // @ts-expect-error a session is opened on a runtime
    () => new Session(),
    // @ts-expect-error a runtime is started
    () => new Runtime(),
  ];
  if (refused.length !== 11) throw new Error("every line is one refusal");

  const redis = new Redis(runtime.ioredis());
  await redis.set("from", "ioredis");
  redis.disconnect();
  const client = createClient(runtime.nodeRedis());
  await client.connect();
  await client.close();

  const copy = new Keyspace();
  using replica = new Replica({ runtime, acknowledge: "manual", batchBytesMax: "64kb" });
  for await (const batch of replica) {
    exactly<Batch>()(batch);
    for (const frame of batch) {
      exactly<Frame>()(frame);
      exactly<bigint>()(frame.offset);
      if (frame.kind === "entry") copy.apply(frame.db, frame.argv);
    }
    exactly<Buffer>()(batch.cursor);
    replica.ack(batch.cursor);
    if (batch.at(-1)?.kind === "snapshot-end") break;
  }
  exactly<(db: Session) => void>()(replies);
  if (copy.get("from") !== "ioredis") throw new Error("the copy lacks a key");

  try {
    db.call("NOSUCH");
  } catch (error) {
    if (!(error instanceof KevyError) || error.code !== "ERR") throw error;
    console.log("all as declared");
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
