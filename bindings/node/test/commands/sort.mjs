// SORT.

export default {
  "sorting": [
    [(db) => db.rpush("{i}ids", 3, 1, 2), "RPUSH {i}ids 3 1 2", 3],
    [(db) => db.mset({ "{i}w1": 30, "{i}w2": 20, "{i}w3": 10, "{i}n1": "one" }), "MSET {i}w1 30 {i}w2 20 {i}w3 10 {i}n1 one", "OK"],
    [(db) => db.sort("{i}ids"), "SORT {i}ids", ["1", "2", "3"]],
    [(db) => db.sort("{i}ids", { desc: true, limit: [0, 2] }), "SORT {i}ids LIMIT 0 2 DESC", ["3", "2"]],
    [
      (db) => db.sort("{i}ids", { by: "{i}w*", get: ["#", "{i}n*"] }),
      "SORT {i}ids BY {i}w* GET # GET {i}n*",
      ["3", null, "2", null, "1", "one"],
    ],
    [(db) => db.sort("{i}ids", { alpha: true, asc: true, store: "{i}out" }), "SORT {i}ids ASC ALPHA STORE {i}out", 3],
    [(db) => db.sort("{i}ids", "ALPHA", "DESC"), "SORT {i}ids ALPHA DESC", ["3", "2", "1"]],
    [(db) => db.sort_ro("{i}ids"), "SORT_RO {i}ids", ["1", "2", "3"]],
    [
      (db) => db.sort_ro("{i}ids", { by: "nosort", get: "#", limit: [1, 1], asc: true, alpha: true }),
      "SORT_RO {i}ids BY nosort LIMIT 1 1 GET # ASC ALPHA",
      ["1"],
    ],
    [(db) => db.sort_ro("{i}ids", { desc: true }), "SORT_RO {i}ids DESC", ["3", "2", "1"]],
  ],
};
