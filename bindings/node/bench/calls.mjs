// In-process calls beside lmdb, a Map, and ioredis over loopback to redis-server: nanoseconds per operation.
//
//   npm run bench            a table
//   npm run bench -- --json  one object: figures by name

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Runtime } from "kevy";
import { open } from "lmdb";
import { compare, compareAsync } from "./measure.mjs";

const KEYS = 10_000;
const BATCH = 100;
const json = process.argv.includes("--json");

// Flat strings, as a program gets them from a parser or a socket.
const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(`key:${String(i).padStart(12, "0")}`).toString());
const value = "v".repeat(32);
const valueBuffer = Buffer.from(value);
const at = (i) => keys[i % KEYS];

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function startRedis() {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    return undefined;
  }
  const port = await freePort();
  const args = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(String);
  const server = spawn("redis-server", args, { stdio: "ignore" });
  const client = new Redis({ port, host: "127.0.0.1", retryStrategy: () => 20 });
  client.on("error", () => {});
  await client.ping();
  return { client, stop: () => (client.disconnect(), server.kill()) };
}

const directory = mkdtempSync(join(tmpdir(), "kevy-bench-"));
const runtime = await Runtime.start({ shards: 1 });
const db = runtime.session();
const strings = open({ path: join(directory, "strings"), encoding: "string", noSync: true });
const binary = open({ path: join(directory, "binary"), encoding: "binary", noSync: true });
const map = new Map();
for (const key of keys) {
  db.set(key, value);
  strings.putSync(key, value);
  binary.putSync(key, valueBuffer);
  map.set(key, value);
}
const target = Buffer.alloc(64);
const batchKeys = Array.from({ length: BATCH }, (_, i) => at(i));

const results = {
  get: compare({ kevy: (i) => db.get(at(i)), lmdb: (i) => strings.get(at(i)), map: (i) => map.get(at(i)) }),
  getBuffer: compare({ kevy: (i) => db.getBuffer(at(i)), lmdb: (i) => binary.getBinary(at(i)) }),
  getInto: compare({ kevy: (i) => db.getInto(at(i), target) }),
  set: compare(
    { kevy: (i) => db.set(at(i), value), lmdb: (i) => strings.putSync(at(i), value), map: (i) => map.set(at(i), value) },
    { count: 1_000 },
  ),
  hget: (db.hset("hash", "field", value), compare({ kevy: () => db.hget("hash", "field") })),
  call: compare({ kevy: (i) => db.call("STRLEN", at(i)) }),
  "batch of 100 gets": compare(
    {
      kevy: () => batchKeys.reduce((pipeline, key) => pipeline.get(key), db.pipeline()).exec(),
      "kevy mget": () => db.mget(batchKeys),
      "lmdb getMany": () => batchKeys.map((key) => strings.get(key)),
    },
    { count: 50, perCall: BATCH },
  ),
};

const redis = await startRedis();
const pair = new Redis(runtime.ioredis());
const clients = { "ioredis over a socket pair to kevy": (i) => pair.get(at(i)) };
if (redis !== undefined) {
  await redis.client.mset(...keys.flatMap((key) => [key, value]));
  clients["ioredis over loopback to redis-server"] = (i) => redis.client.get(at(i));
}
results["get, one at a time"] = await compareAsync(clients);

pair.disconnect();
redis?.stop();
await strings.close();
await binary.close();
await runtime.close();
rmSync(directory, { recursive: true });

const figures = {};
for (const [what, times] of Object.entries(results)) {
  for (const [name, time] of Object.entries(times)) {
    figures[`${what}: ${name}`] = Number(time.toFixed(1));
  }
}
if (json) {
  console.log(JSON.stringify(figures));
} else {
  for (const [name, time] of Object.entries(figures)) {
    console.log(`${name.padEnd(64)} ${time.toFixed(0).padStart(8)} ns`);
  }
}
