// The bare engine: commands by their arguments, without threads and without I/O.

import { Keyspace, Runtime } from "kevy";

const keyspace = new Keyspace();

// A command is a list of arguments; a reply has its own type: maps are objects, doubles are numbers.
console.log(keyspace.call("HSET", "ada", "born", 1815, "died", 1852));
console.log(keyspace.call("HGETALL", "ada"));
console.log(keyspace.callBuffer("HGET", "ada", "born"));

// A frame of a primary's stream is applied without limits: so is a copy of it kept.
keyspace.apply(0, ["HINCRBY", "ada", "born", "1"]);
console.log(keyspace.hget("ada", "born"));

// Many commands for a runtime cross in one call.
const runtime = await Runtime.start();
const db = runtime.session();
console.log(db.pipeline().call("SET", "a", 1).call("INCR", "a").callBuffer("GET", "a").exec());
await runtime.close();
