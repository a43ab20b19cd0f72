// JSON documents.

const document = { a: 2, b: [1, "x", null], o: { a: true, s: "text" } };
const set = [(db) => db.json.set("j", "$", document), `JSON.SET j $ ${JSON.stringify(document)}`, "OK"];
/** What a twin that gives Buffers has as text. */
const parsed = (expected) => (reply) => JSON.stringify(Buffer.isBuffer(reply) ? JSON.parse(reply) : reply) === JSON.stringify(expected);
const eachParsed = (expected) => (reply) => reply.every((item, at) => parsed(expected[at])(item)) && reply.length === expected.length;

export default {
  "documents": [
    set,
    [(db) => db.json.get("j"), "JSON.GET j", parsed(document)],
    [(db) => db.json.get("j", "$..a"), "JSON.GET j $..a", parsed([2, true])],
    [(db) => db.json.get("j", ".a", ".o.s"), "JSON.GET j .a .o.s", parsed({ ".a": 2, ".o.s": "text" })],
    [(db) => db.json.get("j", { space: " ", newline: "\n", indent: "\t" }, ".o"), "JSON.GET j INDENT \t NEWLINE \n SPACE   .o", '{\n\t"a": true,\n\t"s": "text"\n}'],
    [(db) => db.json.get("none"), "JSON.GET none", null],
    [(db) => db.json.set("j", "$.n", Buffer.from("[1]"), { nx: true }), "JSON.SET j $.n [1] NX", "OK"],
    [(db) => db.json.set("j", "$.none", 1, { xx: true }), "JSON.SET j $.none 1 XX", null],
    [(db) => db.json.set("j", "$.n", 1, "NX"), "JSON.SET j $.n 1 NX", null],
    [(db) => db.json.merge("j", "$.o", { s: null, t: 1 }), 'JSON.MERGE j $.o {"s":null,"t":1}', "OK"],
    [(db) => db.json.get("j", "$.o"), "JSON.GET j $.o", parsed([{ a: true, t: 1 }])],
    [(db) => db.json.mset(["k", "$", { a: 1 }], ["j", "$.n", "x"]), 'JSON.MSET k $ {"a":1} j $.n "x"', "OK"],
    [(db) => db.json.mget(["j", "k", "none"], "$.a"), "JSON.MGET j k none $.a", eachParsed([[2], [1], null])],
    [(db) => db.json.clear("j", "$.b"), "JSON.CLEAR j $.b", 1],
    [(db) => db.json.del("j", "$.b"), "JSON.DEL j $.b", 1],
    [(db) => db.json.forget("j"), "JSON.FORGET j", 1],
  ],
  "values": [
    set,
    [(db) => db.json.type("j"), "JSON.TYPE j", (reply) => String(reply) === "object"],
    [(db) => db.json.type("j", "$.a"), "JSON.TYPE j $.a", (reply) => Array.isArray(reply) && String(reply) === "integer"],
    [(db) => db.json.type("none"), "JSON.TYPE none", null],
    [(db) => db.json.numincrby("j", "$..a", 1.5), "JSON.NUMINCRBY j $..a 1.5", [3.5, null]],
    [(db) => db.json.numincrby("j", ".a", 0.5), "JSON.NUMINCRBY j .a 0.5", 4],
    [(db) => db.json.nummultby("j", "$.a", 2), "JSON.NUMMULTBY j $.a 2", [8]],
    [(db) => db.json.strappend("j", "$.o.s", "!"), 'JSON.STRAPPEND j $.o.s "!"', [5]],
    [(db) => db.json.strlen("j", "$.o.s"), "JSON.STRLEN j $.o.s", [5]],
    [(db) => db.json.strlen("none"), "JSON.STRLEN none", null],
    [(db) => db.json.toggle("j", "$..a"), "JSON.TOGGLE j $..a", [null, false]],
    [(db) => db.json.toggle("j", ".o.a"), "JSON.TOGGLE j .o.a", true],
    [(db) => db.json.objkeys("j", "$..o"), "JSON.OBJKEYS j $..o", [["a", "s"]]],
    [(db) => db.json.objkeys("j"), "JSON.OBJKEYS j", ["a", "b", "o"]],
    [(db) => db.json.objlen("j"), "JSON.OBJLEN j", 3],
    [(db) => db.json.objlen("j", "$.o"), "JSON.OBJLEN j $.o", [2]],
    [(db) => db.json.resp("j", ".o.s"), "JSON.RESP j .o.s", "text!"],
    [(db) => db.json.debug("MEMORY", "j"), "JSON.DEBUG MEMORY j", (reply) => reply > 0],
    [(db) => db.json.debug("HELP"), "JSON.DEBUG HELP", (reply) => reply.length > 0],
  ],
  "arrays": [
    set,
    [(db) => db.json.arrappend("j", "$.b", 7, { c: [] }), 'JSON.ARRAPPEND j $.b 7 {"c":[]}', [5]],
    [(db) => db.json.arrinsert("j", "$.b", 0, "first"), 'JSON.ARRINSERT j $.b 0 "first"', [6]],
    [(db) => db.json.arrlen("j", "$.b"), "JSON.ARRLEN j $.b", [6]],
    [(db) => db.json.arrlen("j", ".b"), "JSON.ARRLEN j .b", 6],
    [(db) => db.json.arrindex("j", "$.b", { c: [] }), 'JSON.ARRINDEX j $.b {"c":[]}', [5]],
    [(db) => db.json.arrindex("j", ".b", null, 0, 2), "JSON.ARRINDEX j .b null 0 2", -1],
    [(db) => db.json.arrpop("j", "$.b"), "JSON.ARRPOP j $.b", eachParsed([{ c: [] }])],
    [(db) => db.json.arrpop("j", ".b", 0), "JSON.ARRPOP j .b 0", parsed("first")],
    [(db) => db.json.arrtrim("j", "$.b", 0, 0), "JSON.ARRTRIM j $.b 0 0", [1]],
  ],
};
