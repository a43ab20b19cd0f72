// Every command that has a method: what it sends, what it gives in each form, and that none is missing.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { Runtime, Session } from "kevy";
import { DATA_GROUPS, docsOfEngine, FILE, generate } from "../scripts/options.mjs";

const directory = new URL("commands/", import.meta.url);
/** For each file its cases, and for each case its steps: a call, the command that it sends, and what it gives. */
const groups = new Map();
for (const name of readdirSync(directory)) {
  groups.set(name.replace(".mjs", ""), Object.entries((await import(new URL(name, directory))).default));
}
const docs = docsOfEngine();
/** Steps of commands that this engine has. */
const known = (steps) => steps.filter(([, text]) => text === undefined || docs[text.split(" ")[0].toLowerCase()] !== undefined);

/** The arguments of the command that a call sends. */
function sent(call) {
  let argv = [];
  const record = (...args) => {
    argv = args.map(String);
    throw new Error("recorded");
  };
  const native = { call: record, callValues: record, get: (key) => record("GET", key), set: (key, value) => record("SET", key, value) };
  native.bind = (verb) => (...args) => record(verb, ...args);
  native.wait = (mode, done, ...args) => record(...args);
  try {
    const later = call(Session.of(native));
    if (later instanceof Promise) later.catch(() => {});
  } catch (error) {
    if (error.message !== "recorded") throw error;
  }
  return argv;
}

/** The same object, whose methods are those that give Buffers where there are such. */
function withBuffers(object) {
  return new Proxy(object, {
    get(_, name) {
      const member = object[`${String(name)}Buffer`] ?? object[name];
      if (name === "json") return withBuffers(object.json);
      return typeof member === "function" ? member.bind(object) : member;
    },
  });
}

/** What a method gives in Buffers that gives this in text. */
function buffered(value) {
  if (typeof value === "string") return value === "OK" ? value : Buffer.from(value);
  if (Array.isArray(value)) return value.map(buffered);
  return value !== null && typeof value === "object" && !(value instanceof RegExp) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, buffered(item)])) : value;
}

/** What a call gives or throws. */
async function outcome(call, db) {
  try {
    return await call(db);
  } catch (error) {
    return error;
  }
}

/** `expected` is the reply, a condition that it meets, or a pattern of an error's text. */
function check(reply, expected, step) {
  if (expected instanceof RegExp) {
    assert.match(reply.message, expected, step);
  } else if (typeof expected === "function") {
    assert.ok(expected(reply), `${step}: ${JSON.stringify(reply)}`);
  } else {
    assert.deepEqual(reply, expected, step);
  }
}

describe("every command", () => {
  let runtime;
  let db;
  before(async () => {
    runtime = await Runtime.start({ shards: 2 });
    db = runtime.session();
  });
  beforeEach(() => db.flushall());
  after(() => runtime.close());

  for (const [group, cases] of groups) {
    for (const [title, steps] of cases) {
      const name = `${group}: ${title}`;
      test(`${name}: sends what it should and gives text`, async () => {
        for (const [call, text, expected] of known(steps)) {
          if (text !== undefined) assert.equal(sent(call).join(" "), text);
          check(await outcome(call, db), expected, text);
        }
      });

      test(`${name}: gives Buffers`, async () => {
        for (const [call, text, expected] of known(steps)) {
          const isTwin = text === undefined ? false : hasTwin(call);
          check(await outcome(call, withBuffers(db)), isTwin && typeof expected !== "function" ? buffered(expected) : expected, text);
        }
      });

      const inQueue = known(steps).filter(([, text]) => text !== undefined && group !== "blocking");
      if (inQueue.length > 0) {
        test(`${name}: works in a pipeline and in a transaction`, () => {
          for (const queue of [db.pipeline(), db.multi()]) {
            db.flushall();
            for (const [call] of inQueue) assert.equal(call(queue), queue);
            const replies = queue.exec();
            inQueue.forEach(([, text, expected], at) => check(replies[at], expected, text));
          }
        });
      }
    }
  }
});

/** Whether the method that a call uses has a twin that gives Buffers. */
function hasTwin(call) {
  let found = false;
  const look = (object) =>
    new Proxy(object, {
      get(_, name) {
        found = `${String(name)}Buffer` in object;
        return name === "json" ? look(object.json) : () => {};
      },
    });
  call(look(Session.of({ bind: () => () => {} })));
  return found;
}

describe("the command table", () => {
  /** Verbs without a method, and why. */
  const without = {
    PFDEBUG: "looks into the engine's own tests",
    PFSELFTEST: "looks into the engine's own tests",
    MIGRATE: "needs another server",
  };
  const data = Object.entries(docs).filter(([, { group }]) => DATA_GROUPS.includes(group));
  const method = (verb) => {
    const session = Session.of({ bind: () => () => {} });
    const [space, name] = verb.toLowerCase().split(".");
    return name === undefined ? session[space] : session[space]?.[name];
  };

  test("has a method for every verb that works on data", () => {
    const missing = data.map(([name]) => name.toUpperCase()).filter((verb) => typeof method(verb) !== "function" && !(verb in without));
    assert.deepEqual(missing, []);
  });

  test("has no word that no call above sends", () => {
    const sentWords = new Map();
    for (const [, cases] of groups) {
      for (const [call, text] of cases.flatMap(([, steps]) => steps)) {
        if (text === undefined) continue;
        const [verb, ...words] = sent(call).map((word) => word.toUpperCase());
        for (const name of [verb, `${verb}|${words[0]}`]) {
          sentWords.set(name, new Set([...(sentWords.get(name) ?? []), ...words]));
        }
      }
    }
    const tokens = (args = []) => args.flatMap((arg) => [...(arg.token ? [arg.token] : []), ...tokens(arg.arguments)]);
    const missing = [];
    for (const [name, { subcommands = {}, ...doc }] of data) {
      const subs = Object.entries(subcommands);
      for (const [full, { arguments: args }] of subs.length > 0 ? subs : [[name, doc]]) {
        const verb = full.toUpperCase();
        const words = sentWords.get(verb);
        if (verb in without) continue;
        if (words === undefined) missing.push(verb);
        else missing.push(...tokens(args).filter((token) => token !== "" && !words.has(token)).map((token) => `${verb} ${token}`));
      }
    }
    const others = ["WAIT", "WAITAOF"];
    assert.deepEqual(missing.filter((verb) => !others.includes(verb)), []);
  });

  test("is what the options were written from: run node scripts/options.mjs", () => {
    assert.equal(readFileSync(FILE, "utf8"), generate(docs));
  });
});
