// Scripts, functions and messages.

const SCRIPT = "return {KEYS[1], ARGV[1], 7}";
const DIGEST = "66e7fcfc7c1f55f3ec70dec75bdece9428590658";
const LIBRARY = `#!lua name=library
redis.register_function('writes', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name='reads', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}
`;

export default {
  "scripts": [
    [(db) => db.eval(SCRIPT, ["k"], "v"), `EVAL ${SCRIPT} 1 k v`, ["k", "v", 7]],
    [(db) => db.eval(SCRIPT, 1, "k", "v"), `EVAL ${SCRIPT} 1 k v`, ["k", "v", 7]],
    [(db) => db.eval("return #ARGV", []), "EVAL return #ARGV 0", 0],
    [(db) => db.eval("return #ARGV", [], ["a", "b"], "c"), "EVAL return #ARGV 0 a b c", 3],
    [(db) => db.eval("return redis.error_reply('MY error')", []), "EVAL return redis.error_reply('MY error') 0", /MY error/],
    [(db) => db.eval_ro(SCRIPT, ["k"], "v"), `EVAL_RO ${SCRIPT} 1 k v`, ["k", "v", 7]],
    [(db) => db.script("LOAD", SCRIPT), `SCRIPT LOAD ${SCRIPT}`, DIGEST],
    [(db) => db.evalsha(DIGEST, ["k"], "v"), `EVALSHA ${DIGEST} 1 k v`, ["k", "v", 7]],
    [(db) => db.evalsha_ro(DIGEST, ["k"], "v"), `EVALSHA_RO ${DIGEST} 1 k v`, ["k", "v", 7]],
    [(db) => db.script("EXISTS", DIGEST, "0".repeat(40)), `SCRIPT EXISTS ${DIGEST} ${"0".repeat(40)}`, [1, 0]],
  ],
  "functions": [
    [(db) => db.function("LOAD", "REPLACE", LIBRARY), `FUNCTION LOAD REPLACE ${LIBRARY}`, "library"],
    [(db) => db.fcall("writes", ["k"], "v"), "FCALL writes 1 k v", "OK"],
    [(db) => db.fcall_ro("reads", ["k"]), "FCALL_RO reads 1 k", "v"],
    [(db) => db.function("DELETE", "library"), "FUNCTION DELETE library", "OK"],
  ],
  "messages": [
    [(db) => db.publish("news", "hello"), "PUBLISH news hello", 0],
    [(db) => db.spublish("news", "hello"), "SPUBLISH news hello", 0],
    [(db) => db.pubsub("NUMSUB", "news"), "PUBSUB NUMSUB news", ["news", 0]],
  ],
};
