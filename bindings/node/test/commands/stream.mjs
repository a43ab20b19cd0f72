// Streams.

const entry = (n) => [`${n}-0`, { n: String(n) }];
const isId = (reply) => /^\d+-\d+$/.test(String(reply));
const add = (key, ...numbers) => numbers.map((n) => [(db) => db.xadd(key, `${n}-0`, { n }), `XADD ${key} ${n}-0 n ${n}`, `${n}-0`]);
/** Whether an object has the properties, and of texts the same text. */
const has = (expected) => (reply) => Object.entries(expected).every(([name, value]) => String(reply[name]) === String(value));

export default {
  "entries": [
    [(db) => db.xadd("x", "*", { a: 1, b: "two" }), "XADD x * a 1 b two", isId],
    [(db) => db.xtrim("x", { maxlen: 0 }), "XTRIM x MAXLEN 0", 1],
    [(db) => db.xadd("none", "*", { a: 1 }, { nomkstream: true }), "XADD none NOMKSTREAM * a 1", null],
    [(db) => db.del("x"), "DEL x", 1],
    ...add("x", 1, 2, 3, 4),
    [(db) => db.xadd("x", "5-0", new Map([["n", 5]]), { limit: 10, maxlen: ["~", 100] }), "XADD x MAXLEN ~ 100 LIMIT 10 5-0 n 5", "5-0"],
    [(db) => db.xadd("x", "MINID", "=", "2-0", "6-0", "n", 6), "XADD x MINID = 2-0 6-0 n 6", "6-0"],
    [(db) => db.xlen("x"), "XLEN x", 5],
    [(db) => db.xrange("x", "-", "+", { count: 2 }), "XRANGE x - + COUNT 2", [entry(2), entry(3)]],
    [(db) => db.xrange("x", "(5-0", "+"), "XRANGE x (5-0 +", [entry(6)]],
    [(db) => db.xrevrange("x", "+", "-", "COUNT", 1), "XREVRANGE x + - COUNT 1", [entry(6)]],
    [(db) => db.xdel("x", "3-0", "9-0"), "XDEL x 3-0 9-0", 1],
    [(db) => db.xdelex("x", ["3-0", "9-0"], "ACKED"), "XDELEX x ACKED IDS 2 3-0 9-0", [-1, -1]],
    [(db) => db.xdelex("x", "DELREF", "IDS", 1, "3-0"), "XDELEX x DELREF IDS 1 3-0", [-1]],
    [(db) => db.xdelex("x", ["3-0"], "KEEPREF"), "XDELEX x KEEPREF IDS 1 3-0", [-1]],
    [(db) => db.xackdel("x", "none", ["3-0"]), "XACKDEL x none IDS 1 3-0", [-1]],
    ...["KEEPREF", "DELREF", "ACKED"].flatMap((word) => [
      [(db) => db.xackdel("x", "none", ["3-0"], word), `XACKDEL x none ${word} IDS 1 3-0`, [-1]],
      [(db) => db.xtrim("x", { maxlen: 100, [word.toLowerCase()]: true }), `XTRIM x MAXLEN 100 ${word}`, 0],
      [(db) => db.xadd("gone", "*", { n: 1 }, { nomkstream: true, [word.toLowerCase()]: true }), `XADD gone NOMKSTREAM ${word} * n 1`, null],
    ]),
    [(db) => db.xtrim("x", { minid: ["=", "4-0"] }), "XTRIM x MINID = 4-0", 1],
    [(db) => db.xtrim("x", "MAXLEN", "~", 100, "LIMIT", 5), "XTRIM x MAXLEN ~ 100 LIMIT 5", 0],
    [(db) => db.xsetid("x", "9-0", { maxdeletedid: "3-0", entriesadded: 6 }), "XSETID x 9-0 ENTRIESADDED 6 MAXDELETEDID 3-0", "OK"],
    [(db) => db.xadd("twice", "1-0", "f", "1", "f", "2"), "XADD twice 1-0 f 1 f 2", "1-0"],
    [(db) => db.xrange("twice", "-", "+"), "XRANGE twice - +", [["1-0", { f: "2" }]]],
  ],
  "reads": [
    ...add("x", 1, 2),
    ...add("y", 7),
    [(db) => db.xread({ x: "0", y: "0" }, { count: 1 }), "XREAD COUNT 1 STREAMS x y 0 0", { x: [entry(1)], y: [entry(7)] }],
    [(db) => db.xread(new Map([["x", "1-0"]])), "XREAD STREAMS x 1-0", { x: [entry(2)] }],
    [(db) => db.xread("STREAMS", "x", "9-0"), "XREAD STREAMS x 9-0", null],
  ],
  "groups": [
    [(db) => db.xgroup("CREATE", "x", "g", "$", { mkstream: true, entriesread: 0 }), "XGROUP CREATE x g $ MKSTREAM ENTRIESREAD 0", "OK"],
    ...add("x", 1, 2, 3),
    [(db) => db.xgroup("SETID", "x", "g", "$"), "XGROUP SETID x g $", "OK"],
    [(db) => db.xgroup("SETID", "x", "g", "0", { entriesread: 0 }), "XGROUP SETID x g 0 ENTRIESREAD 0", "OK"],
    [(db) => db.xgroup("CREATECONSUMER", "x", "g", "ada"), "XGROUP CREATECONSUMER x g ada", 1],
    [(db) => db.xpending("x", "g"), "XPENDING x g", [0, null, null, []]],
    [(db) => db.xreadgroup("g", "ada", { x: ">" }, { count: 2 }), "XREADGROUP GROUP g ada COUNT 2 STREAMS x >", { x: [entry(1), entry(2)] }],
    [(db) => db.xreadgroup("g", "bob", { x: ">" }, { noack: true }), "XREADGROUP GROUP g bob NOACK STREAMS x >", { x: [entry(3)] }],
    [(db) => db.xreadgroup("GROUP", "g", "ada", "STREAMS", "x", ">"), "XREADGROUP GROUP g ada STREAMS x >", null],
    [(db) => db.xdel("x", "2-0"), "XDEL x 2-0", 1],
    [(db) => db.xreadgroup("g", "ada", { x: "0" }), "XREADGROUP GROUP g ada STREAMS x 0", { x: [entry(1), ["2-0", null]] }],
    [(db) => db.xpending("x", "g"), "XPENDING x g", [2, "1-0", "2-0", [["ada", 2]]]],
    [(db) => db.xpending("x", "g", "-", "+", 1), "XPENDING x g - + 1", ([[id, consumer, idle, count]]) => `${id} ${consumer}` === "1-0 ada" && idle >= 0 && count === 2],
    [(db) => db.xpending("x", "g", "IDLE", 0, "-", "+", 5, "bob"), "XPENDING x g IDLE 0 - + 5 bob", []],
    [(db) => db.xclaim("x", "g", "bob", 0, ["1-0"], { justid: true }), "XCLAIM x g bob 0 1-0 JUSTID", ["1-0"]],
    [(db) => db.xclaim("x", "g", "bob", 0, "1-0", { idle: 5, retrycount: 3, force: true, lastid: "3-0" }), "XCLAIM x g bob 0 1-0 IDLE 5 RETRYCOUNT 3 FORCE LASTID 3-0", [entry(1)]],
    [(db) => db.xclaim("x", "g", "bob", 0, "1-0", "TIME", 1), "XCLAIM x g bob 0 1-0 TIME 1", [entry(1)]],
    [(db) => db.xautoclaim("x", "g", "ada", 0, "0", { count: 1, justid: true }), "XAUTOCLAIM x g ada 0 0 COUNT 1 JUSTID", ["2-0", ["1-0"], []]],
    [(db) => db.xautoclaim("x", "g", "ada", 0, "0"), "XAUTOCLAIM x g ada 0 0", ["0-0", [entry(1)], ["2-0"]]],
    [(db) => db.xack("x", "g", "1-0", "9-0"), "XACK x g 1-0 9-0", 1],
    [(db) => db.xgroup("DELCONSUMER", "x", "g", "ada"), "XGROUP DELCONSUMER x g ada", 0],
    [(db) => db.xgroup("DESTROY", "x", "g"), "XGROUP DESTROY x g", 1],
    [(db) => db.xgroup("HELP"), "XGROUP HELP", (reply) => reply.length > 3],
  ],
  "what there is to know": [
    ...add("x", 1, 2),
    [(db) => db.xgroup("CREATE", "x", "g", "0"), "XGROUP CREATE x g 0", "OK"],
    [(db) => db.xreadgroup("g", "ada", { x: ">" }, { count: 1 }), "XREADGROUP GROUP g ada COUNT 1 STREAMS x >", { x: [entry(1)] }],
    [(db) => db.xinfo("STREAM", "x"), "XINFO STREAM x", has({ length: 2, "last-generated-id": "2-0", "entries-added": 2, groups: 1 })],
    [(db) => db.xinfo("STREAM", "x"), "XINFO STREAM x", (reply) => String(reply["first-entry"][1].n) === "1" && String(reply["last-entry"][0]) === "2-0"],
    [
      (db) => db.xinfo("STREAM", "x", "FULL", "COUNT", 1),
      "XINFO STREAM x FULL COUNT 1",
      ({ entries, groups: [group] }) =>
        entries.length === 1 && String(entries[0][1].n) === "1" && String(group.name) === "g" && group["pel-count"] === 1 &&
        String(group.pending[0][1]) === "ada" && String(group.consumers[0].pending[0][0]) === "1-0",
    ],
    [(db) => db.xinfo("GROUPS", "x"), "XINFO GROUPS x", ([group]) => has({ name: "g", consumers: 1, pending: 1, "last-delivered-id": "1-0", "entries-read": 1, lag: 1 })(group)],
    [(db) => db.xinfo("CONSUMERS", "x", "g"), "XINFO CONSUMERS x g", ([consumer]) => has({ name: "ada", pending: 1 })(consumer) && consumer.idle >= 0],
    [(db) => db.xinfo("HELP"), "XINFO HELP", (reply) => reply.length > 3],
  ],
};
