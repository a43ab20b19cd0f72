// Follows a primary: a copy is built from a snapshot and kept true by every change.
//
//   node tail.mjs [kevy://host:port]
//
// Without a URL it follows a runtime of its own for a moment.

import { setImmediate } from "node:timers/promises";
import { Keyspace, Replica, Runtime } from "kevy";

/** @param {{ url: string }} source @param {Uint8Array} [cursor] */
async function follow({ url }, cursor) {
  const copy = new Keyspace();
  const replica = new Replica({ url, cursor });
  for await (const batch of replica) {
    for (const frame of batch) {
      if (frame.kind === "snapshot-begin") {
        // What was there before is no part of the copy any more.
        copy.flushall();
      } else if (frame.kind === "entry" || frame.kind === "command") {
        copy.apply(frame.db, frame.argv);
      }
    }
    // Saved together with what was applied, the cursor is where the next run goes on.
    cursor = batch.cursor;
    if (copy.get("state") === "done") break;
  }
  replica.close();
  console.log("keys:", copy.dbsize(), "cursor:", cursor?.length, "bytes");
}

const [url] = process.argv.slice(2);
if (url !== undefined) {
  await follow({ url });
} else {
  const runtime = await Runtime.start({ port: 0 });
  const db = runtime.session();
  for (let i = 0; i < 1000; i++) db.set(`before:${i}`, i);
  const following = follow({ url: `kevy://127.0.0.1:${runtime.port}` });
  for (let i = 0; i < 1000; i++) {
    db.hset(`during:${i % 10}`, String(i), i);
    if (i % 100 === 0) await setImmediate();
  }
  db.set("state", "done");
  await following;
  await runtime.close();
}
