// Follows a primary into a journal and a bare keyspace: node tail.mjs URL JOURNAL
//
// A record of the journal is a batch of frames with the cursor behind them, so the copy and the place to resume from can
// never disagree: after a crash the torn last record is cut off and the primary sends it again. Layout, little-endian:
// cursor length (4 bytes), frames length (4), cursor, then per frame database (4), argument count (4), and each
// argument's length (4) and bytes.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { Keyspace, Replica } from "../../bindings/node/dist/index.mjs";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/** The primary's data, rebuilt from frames. */
class Copy {
  keyspace = new Keyspace({ "enable-debug-command": "yes" });
  frames = 0;
  bytes = 0;

  apply(db, argv) {
    this.keyspace.apply(db, argv);
    this.frames += 1;
    for (const arg of argv) this.bytes += arg.length;
  }
}

function words(...values) {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => buffer.writeUInt32LE(value, at * 4));
  return buffer;
}

/** Applies the whole records of the journal, cuts off a torn one, and returns the last cursor. */
function replay(journal, path, copy) {
  const data = readFileSync(path);
  let at = 0;
  let cursor = Buffer.alloc(0);
  while (at + 8 <= data.length) {
    let start = at + 8 + data.readUInt32LE(at);
    const end = start + data.readUInt32LE(at + 4);
    if (end > data.length) break;
    cursor = data.subarray(at + 8, start);
    while (start < end) {
      const db = data.readUInt32LE(start);
      const count = data.readUInt32LE(start + 4);
      start += 8;
      const argv = [];
      for (let i = 0; i < count; i += 1) {
        const length = data.readUInt32LE(start);
        argv.push(data.subarray(start + 4, start + 4 + length));
        start += 4 + length;
      }
      copy.apply(db, argv);
    }
    at = end;
  }
  ftruncateSync(journal, at);
  return [at, cursor];
}

const [url, path] = process.argv.slice(2);
closeSync(openSync(path, "a"));
const journal = openSync(path, "r+");
const copy = new Copy();
let [end, cursor] = replay(journal, path, copy);
const first = copy.frames;
const begin = process.hrtime.bigint();
const lags = [];
let live = cursor.length > 0;
let done = false;

const replica = new Replica({ url, cursor });
for await (const batch of replica) {
  let frames = [];
  for (const frame of batch) {
    if (frame.kind === "snapshot-begin") {
      say("snapshot");
      copy.keyspace.call("FLUSHALL");
      ftruncateSync(journal, 0);
      end = 0;
      frames = [];
    } else if (frame.kind === "snapshot-end") {
      live = true;
    } else if (frame.kind === "entry" || frame.kind === "command") {
      const { argv } = frame;
      copy.apply(frame.db, argv);
      frames.push(words(frame.db, argv.length));
      for (const arg of argv) frames.push(words(arg.length), arg);
      const key = argv.length > 1 ? argv[1].toString("latin1") : "";
      if (key === "demo:clock" && live) lags.push(performance.timeOrigin + performance.now() - Number(argv[2].toString()) / 1e6);
      done ||= key === "demo:done:0";
    }
  }
  const body = Buffer.concat(frames);
  const record = Buffer.concat([words(batch.cursor.length, body.length), batch.cursor, body]);
  end += writeSync(journal, record, 0, record.length, end);
  say("progress", { frames: copy.frames, live });
  if (done) break;
}

lags.sort((a, b) => a - b);
const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
say("done", {
  keys: copy.keyspace.call("DBSIZE"),
  frames: copy.frames,
  bytes: copy.bytes,
  seconds: (seconds * copy.frames) / Math.max(copy.frames - first, 1),
  lag_p50_ms: lags[Math.floor(lags.length / 2)] ?? 0,
  lag_p99_ms: lags[Math.floor((lags.length * 99) / 100)] ?? 0,
  digest: copy.keyspace.call("DEBUG", "DIGEST"),
});
