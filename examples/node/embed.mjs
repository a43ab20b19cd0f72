// A keyspace inside this program: typed methods, every verb, a transaction, and ioredis without a port.

import { Redis } from "ioredis";
import { Runtime, WrongTypeError } from "kevy";

// Options are those of redis.conf, also in camel case. No port is opened unless one is given.
const runtime = await Runtime.start({ maxmemory: "256mb", maxmemoryPolicy: "allkeys-lru" });
const db = runtime.session();

// Names and arguments are ioredis's, but calls run on this thread, in well under a microsecond.
db.set("greeting", "hello", { ex: 60 });
console.log(db.get("greeting"), "for", db.ttl("greeting"), "seconds");

db.hset("ada", { name: "Ada Lovelace", born: 1815 });
console.log(db.hgetall("ada"), db.hgetBuffer("ada", "name"));

// A verb without a method of its own, or one that you know only at run time.
console.log(db.call("OBJECT", "ENCODING", "ada"));

// MULTI/EXEC: all of it happens, at once.
console.log(db.multi().incr("visits").expire("visits", 3600).exec());

// Code that expects an ioredis client gets one, over an in-process socket pair.
const client = new Redis(runtime.ioredis());
console.log(await client.get("greeting"), "from ioredis");
await client.quit();

try {
  db.incr("ada");
} catch (error) {
  if (!(error instanceof WrongTypeError)) throw error;
  console.log("refused:", error.message);
}

await runtime.close();
