// Commands that wait, where there is no need to.

const filled = [(db) => db.rpush("l", 1, 2, 3, 4, 5, 6), "RPUSH l 1 2 3 4 5 6", 6];
const scored = [(db) => db.zadd("z", { a: 1, b: 2, c: 3, d: 4, e: 5 }), "ZADD z 1 a 2 b 3 c 4 d 5 e", 5];

export default {
  "lists": [
    filled,
    [(db) => db.blpop("none", "l", 0), "BLPOP none l 0", ["l", "1"]],
    [(db) => db.brpop(["none", "l"], 0, {}), "BRPOP none l 0", ["l", "6"]],
    [(db) => db.blmpop(0, ["none", "l"], "LEFT", { count: 2, signal: undefined }), "BLMPOP 0 2 none l LEFT COUNT 2", ["l", ["2", "3"]]],
    [(db) => db.blmpop(0, 1, "l", "RIGHT"), "BLMPOP 0 1 l RIGHT", ["l", ["5"]]],
    [(db) => db.blmove("l", "m", "LEFT", "RIGHT", 0), "BLMOVE l m LEFT RIGHT 0", "4"],
    [(db) => db.brpoplpush("m", "l", 0, { signal: AbortSignal.timeout(60_000) }), "BRPOPLPUSH m l 0", "4"],
    [(db) => db.blpop("none", 0.01), "BLPOP none 0.01", null],
    [(db) => db.blmove("none", "m", "RIGHT", "LEFT", "0.01"), "BLMOVE none m RIGHT LEFT 0.01", null],
  ],
  "sorted sets": [
    scored,
    [(db) => db.bzpopmin("none", "z", 0), "BZPOPMIN none z 0", ["z", "a", 1]],
    [(db) => db.bzpopmax(["z"], 0), "BZPOPMAX z 0", ["z", "e", 5]],
    [(db) => db.bzmpop(0, ["z"], "MIN"), "BZMPOP 0 1 z MIN", ["z", [["b", 2]]]],
    [(db) => db.bzmpop(0, ["z"], "MAX", { count: 5 }), "BZMPOP 0 1 z MAX COUNT 5", ["z", [["d", 4], ["c", 3]]]],
    [(db) => db.bzmpop("0.01", ["z"], "MIN"), "BZMPOP 0.01 1 z MIN", null],
  ],
  "streams": [
    [(db) => db.xadd("x", "1-0", { n: 1 }), "XADD x 1-0 n 1", "1-0"],
    [(db) => db.xgroup("CREATE", "x", "g", "0"), "XGROUP CREATE x g 0", "OK"],
    [(db) => db.xread({ x: "0" }, { block: 0 }), "XREAD BLOCK 0 STREAMS x 0", { x: [["1-0", { n: "1" }]] }],
    [(db) => db.xread({ x: "$" }, { block: 1, count: 1 }), "XREAD COUNT 1 BLOCK 1 STREAMS x $", null],
    [(db) => db.xread("BLOCK", 1, "STREAMS", "x", "$"), "XREAD BLOCK 1 STREAMS x $", null],
    [(db) => db.xreadgroup("g", "ada", { x: ">" }, { block: 0 }), "XREADGROUP GROUP g ada BLOCK 0 STREAMS x >", { x: [["1-0", { n: "1" }]] }],
    [(db) => db.xreadgroup("GROUP", "g", "ada", "BLOCK", 1, "STREAMS", "x", ">"), "XREADGROUP GROUP g ada BLOCK 1 STREAMS x >", null],
  ],
};
