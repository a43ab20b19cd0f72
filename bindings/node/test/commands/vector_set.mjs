// Vector sets.

const names = (...expected) => (reply) => [...reply].map(String).toSorted().join() === expected.join();
const near = (expected) => (reply) => Math.abs(reply - expected) < 0.01;
const add = (name, vector, options) => [(db) => db.vadd("v", vector, name, options), `VADD v VALUES ${vector.length} ${vector.join(" ")} ${name}`, true];
const three = [add("a", [1, 0]), add("b", [0.9, 0.1]), add("c", [-1, 0.2])];

export default {
  "elements": [
    ...three,
    [(db) => db.vadd("v", [1, 0], "a"), "VADD v VALUES 2 1 0 a", false],
    [(db) => db.vcard("v"), "VCARD v", 3],
    [(db) => db.vdim("v"), "VDIM v", 2],
    [(db) => db.vismember("v", "a"), "VISMEMBER v a", true],
    [(db) => db.vrange("v", "-", "+"), "VRANGE v - +", ["a", "b", "c"]],
    [(db) => db.vrange("v", "(a", "+", 1), "VRANGE v (a + 1", ["b"]],
    [(db) => db.vrandmember("v"), "VRANDMEMBER v", (name) => "abc".includes(String(name))],
    [(db) => db.vrandmember("v", 9), "VRANDMEMBER v 9", names("a", "b", "c")],
    [(db) => db.vemb("v", "a"), "VEMB v a", ([x, y]) => near(1)(x) && near(0)(y)],
    [(db) => db.vemb("v", "a", "RAW"), "VEMB v a RAW", (raw) => raw.length === 4],
    [(db) => db.vlinks("v", "a"), "VLINKS v a", (layers) => layers.length > 0],
    [(db) => db.vlinks("v", "a", "WITHSCORES"), "VLINKS v a WITHSCORES", (layers) => layers.length > 0],
    [(db) => db.vinfo("v"), "VINFO v", (info) => Number(info.size) === 3],
    [(db) => db.vinfo("nothing"), "VINFO nothing", null],
    [(db) => db.vrem("v", "a"), "VREM v a", true],
    [(db) => db.vrem("v", "a"), "VREM v a", false],
  ],
  "attributes": [
    [(db) => db.vadd("v", [1, 0], "a", { setattr: '{"year":1815}' }), 'VADD v VALUES 2 1 0 a SETATTR {"year":1815}', true],
    [(db) => db.vgetattr("v", "a"), "VGETATTR v a", '{"year":1815}'],
    [(db) => db.vsetattr("v", "a", ""), "VSETATTR v a ", true],
    [(db) => db.vgetattr("v", "a"), "VGETATTR v a", null],
  ],
  "ways to add": [
    [(db) => db.vadd("f", [1, 2], "a", { noquant: true, cas: true, ef: 100, m: 8 }), "VADD f VALUES 2 1 2 a CAS NOQUANT EF 100 M 8", true],
    [(db) => db.vadd("q", [1, 2], "a", { q8: true }), "VADD q VALUES 2 1 2 a Q8", true],
    [(db) => db.vadd("b", [1, 2], "a", { bin: true }), "VADD b VALUES 2 1 2 a BIN", true],
    [(db) => db.vadd("r", [1, 2, 3, 4], "a", { reduce: 2 }), "VADD r REDUCE 2 VALUES 4 1 2 3 4 a", true],
    [(db) => db.vadd("p", new Float32Array([0, 0]), "a"), "VADD p FP32 \0\0\0\0\0\0\0\0 a", true],
  ],
  "searches": [
    ...three,
    [(db) => db.vsim("v", "a"), "VSIM v ELE a", (found) => String(found[0]) === "a" && found.length === 3],
    [(db) => db.vsim("v", [1, 0], { count: 1 }), "VSIM v VALUES 2 1 0 COUNT 1", ["a"]],
    [(db) => db.vsim("v", new Float32Array([0, 0]), { count: 2 }), "VSIM v FP32 \0\0\0\0\0\0\0\0 COUNT 2", (found) => found.length === 2],
    [(db) => db.vsim("v", "a", { withscores: true, count: 1 }), "VSIM v ELE a WITHSCORES COUNT 1", (found) => near(1)(found.a)],
    [(db) => db.vsim("v", "a", { withattribs: true, count: 1 }), "VSIM v ELE a WITHATTRIBS COUNT 1", { a: null }],
    [
      (db) => db.vsim("v", "a", { withscores: true, withattribs: true, count: 1 }),
      "VSIM v ELE a WITHSCORES WITHATTRIBS COUNT 1",
      (found) => near(1)(found.a[0]) && found.a[1] === null,
    ],
    [
      (db) => db.vsim("v", "a", { epsilon: 0.5, ef: 50, filter: ".year > 1800", "filter-ef": 10, truth: true, nothread: true }),
      "VSIM v ELE a EPSILON 0.5 EF 50 FILTER .year > 1800 FILTER-EF 10 TRUTH NOTHREAD",
      [],
    ],
  ],
};
