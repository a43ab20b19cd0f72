// A keyspace that this program uses itself and serves to any Redis client at the same time.

import { once } from "node:events";
import { connect } from "node:net";
import { Runtime } from "kevy";

// Port 0 lets the system choose one; a program that serves others names it.
const runtime = await Runtime.start({ port: 0 });
if (runtime.port === null) throw new Error("no port");
console.log("listening on port", runtime.port);
const db = runtime.session();
db.set("greeting", "hello");

// Any client will do; this one speaks the protocol by hand.
const client = connect(runtime.port, "127.0.0.1");
client.end("GET greeting\r\nINCR visits\r\nQUIT\r\n");
let replies = "";
client.setEncoding("utf8").on("data", (text) => (replies += text));
await once(client, "close");
console.log(JSON.stringify(replies));

// What the client wrote is here at once.
console.log(db.get("visits"));
await runtime.close();
