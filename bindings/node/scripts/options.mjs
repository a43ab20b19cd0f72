// Writes lib/commands/options.ts: the optional words of every verb, from the engine's own command table.
//
//   node scripts/options.mjs    writes the file; the native module must be built
//
// Every word that a verb's grammar lets a caller leave out becomes a property of that verb's options; words that say
// which of several forms is meant, such as GEOSEARCH's FROMMEMBER, become properties too. What stands at a fixed
// place is an argument of the method.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { platformName } from "./platform.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** The file that this script writes. */
export const FILE = join(root, "lib/commands/options.ts");

/**
 * The verbs whose options are an object, each spelled as its type is: `ZAdd` stands for ZADD and `ZAddOptions`.
 * Two words are a subcommand.
 */
const NAMES = `
  Copy Restore Scan Sort SortRo=SORT_RO
  Set GetEx Lcs
  HScan HGetEx HSetEx
  LMPop LPos
  SInterCard SScan
  ZAdd ZDiff ZInter ZInterCard ZInterStore ZMPop ZRandMember ZRange ZRangeByLex ZRangeByScore ZRangeStore ZRevRange
  ZRevRangeByLex ZRevRangeByScore ZScan ZUnion ZUnionStore
  XAdd XAutoClaim XClaim XRange XRead XReadGroup XRevRange XSetId XTrim XGroupCreate=XGROUP|CREATE XGroupSetId=XGROUP|SETID
  GeoAdd GeoRadius GeoRadiusRo=GEORADIUS_RO GeoRadiusByMember GeoRadiusByMemberRo=GEORADIUSBYMEMBER_RO GeoSearch
  GeoSearchStore
  JsonSet=JSON.SET JsonGet=JSON.GET
  VAdd VSim
`;

/** Verbs with optional words at a fixed place: there they are arguments. */
const FIXED = `
  EXPIRE EXPIREAT PEXPIRE PEXPIREAT HEXPIRE HEXPIREAT HPEXPIRE HPEXPIREAT HRANDFIELD BITCOUNT BITFIELD BITFIELD_RO
  BITPOS GEODIST XACKDEL XDELEX XINFO|STREAM XPENDING BLMPOP BZMPOP ZRANK ZREVRANK FLUSHALL FLUSHDB MIGRATE
  VEMB VLINKS
`;

/** The groups of verbs that work on data. */
export const DATA_GROUPS = [
  "generic", "string", "hash", "list", "set", "sorted-set", "stream", "bitmap", "hyperloglog", "geo", "module", "vector_set",
];

const isWord = (arg) => arg.type === "pure-token";
const isOptional = (arg) => arg.flags?.includes("optional") === true;
const isName = (token) => /^[A-Z][A-Z0-9]*$/.test(token);

const NUMBER = "Numeric";
const TYPES = { integer: NUMBER, double: NUMBER, "unix-time": NUMBER, key: "Key", string: "Arg", pattern: "Arg" };

/** A word as the name of a property. */
const nameOf = (token) => (/^\w+$/.test(token) ? token.toLowerCase() : `"${token.toLowerCase()}"`);
const literal = (token) => (isName(token) ? `"${token}" | "${token.toLowerCase()}"` : `"${token}"`);

/** The type of what one argument takes, without its own word. */
function typeOf(arg) {
  if (arg.type === "oneof") {
    return arg.arguments.map((choice) => (isWord(choice) ? literal(choice.token) : typeOf(choice))).join(" | ");
  }
  if (arg.type === "block") {
    return tuple(arg.arguments);
  }
  return isWord(arg) ? literal(arg.token) : TYPES[arg.type];
}

function tuple(args) {
  const types = args.map((arg) => `${arg.name.replace(/\W+/g, "_")}: ${typeOf(arg)}`);
  return `readonly [${types.join(", ")}]`;
}

/** A property for one argument that has a word of its own. */
function property(arg) {
  if (isWord(arg)) {
    return { token: arg.token, type: "boolean" };
  }
  const several = arg.flags?.includes("multiple") === true;
  const repeats = arg.flags?.includes("multiple_token") === true;
  const type = typeOf(arg);
  return { token: arg.token, repeats, type: several ? `${type} | readonly ${type.includes(" ") ? `(${type})` : type}[]` : type };
}

/** The properties of a block without a word in front: each inner word takes the arguments behind it. */
function fromBlock(args) {
  const properties = [];
  let open = [];
  const attach = (arg, isOptionalPart) => {
    for (const property of open) {
      property.parts.push({ arg, isOptionalPart });
    }
  };
  for (const arg of args) {
    const choices = arg.type === "oneof" && arg.token === undefined ? arg.arguments : undefined;
    if (arg.token !== undefined && (!isWord(arg) || isName(arg.token))) {
      open = [{ ...property(arg), first: isWord(arg) ? undefined : arg, parts: [] }];
      properties.push(...open);
    } else if (choices?.every((choice) => isWord(choice) && isName(choice.token)) && (open.length === 0 || isOptional(arg))) {
      open = choices.map((choice) => ({ token: choice.token, type: "boolean", parts: [] }));
      properties.push(...open);
    } else {
      attach(arg, isOptional(arg));
    }
  }
  return properties.map(({ parts, first, ...rest }) => {
    if (parts.length === 0) {
      return rest;
    }
    const whole = [...(first === undefined ? [] : [first]), ...parts.map((part) => part.arg)];
    const needed = whole.filter((arg) => !parts.some((part) => part.arg === arg && part.isOptionalPart));
    const short = needed.length === 1 ? typeOf(needed[0]) : tuple(needed);
    return { ...rest, type: needed.length < whole.length ? `${short} | ${tuple(whole)}` : short };
  });
}

/** The properties that arguments give. */
function propertiesOf(args = []) {
  return args.flatMap((arg) => {
    if (arg.type === "oneof" && arg.token === undefined) {
      const wordsOnly = arg.arguments.every(isWord);
      const someFixed = arg.arguments.some((choice) => !hasWord(choice) || (isWord(choice) && !isName(choice.token)));
      if (someFixed || (wordsOnly && !isOptional(arg))) {
        // XTRIM's MAXLEN and MINID are handled with what follows them, as a block; the rest is at a fixed place.
        return [];
      }
      return arg.arguments.flatMap((choice) => (isWord(choice) || choice.token !== undefined ? [property(choice)] : fromBlock(choice.arguments)));
    }
    if (arg.type === "block" && arg.token === undefined) {
      return arg.flags?.includes("multiple") === true ? [] : fromBlock(arg.arguments);
    }
    return arg.token !== undefined && isOptional(arg) ? [property(arg)] : [];
  });
}

const hasWord = (arg) => arg.token !== undefined || (arg.type === "block" && arg.arguments.some(hasWord));

/** The text of the file for the answer to COMMAND DOCS. */
export function generate(docs) {
  const verbs = new Map();
  for (const [name, { group, subcommands = {}, ...doc }] of Object.entries(docs)) {
    if (DATA_GROUPS.includes(group)) {
      for (const [full, { arguments: args }] of [[name, doc], ...Object.entries(subcommands)]) {
        // A trim at the top is XADD's trim without its block.
        const isTrim = args?.some((arg) => arg.name === "strategy" && arg.arguments?.every(isWord));
        verbs.set(full.toUpperCase(), isTrim ? fromBlock(args.slice(1)) : propertiesOf(args));
      }
    }
  }
  const fixed = new Set(FIXED.trim().split(/\s+/));
  const names = new Map(NAMES.trim().split(/\s+/).map((entry) => {
    const [name, verb = name.toUpperCase()] = entry.split("=");
    return [verb, name];
  }));
  const unknown = [...verbs].filter(([verb, found]) => found.length > 0 && !names.has(verb) && !fixed.has(verb));
  if (unknown.length > 0) {
    throw new Error(`scripts/options.mjs knows no name for the options of ${unknown.map(([verb]) => verb).join(", ")}`);
  }
  const types = [];
  const orders = [];
  for (const [verb, name] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = verbs.get(verb);
    if (found === undefined) {
      continue;
    }
    const unique = found.filter(({ token }, at) => found.findIndex((other) => other.token === token) === at);
    const lines = unique.map(({ token, type }) => `  ${nameOf(token)}?: ${type} | undefined;`);
    types.push(`/** Options of ${verb.replace("|", " ")}. */\nexport interface ${name}Options {\n${lines.join("\n")}\n}\n`);
    const order = unique.map(({ token, repeats }) => `"${token.toLowerCase()}${repeats ? "+" : ""}"`);
    orders.push(`  "${verb.replace("|", " ")}": [${order.join(", ")}],`);
  }
  return `// Written by scripts/options.mjs from the engine's command table: the optional words of each verb.

import type { Arg, Key, Numeric } from "../command.js";

${types.join("\n")}
/** @internal The names of options in the order of the grammar; behind a "+" one whose word is repeated. */
export const ORDER: Record<string, readonly string[]> = {
${orders.join("\n")}
};
`;
}

/** What the engine tells about its verbs. */
export function docsOfEngine() {
  const native = createRequire(import.meta.url)(join(root, "native", `kevy.${platformName()}.node`));
  return native.openKeyspace().call("COMMAND", "DOCS");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = generate(docsOfEngine());
  if (text !== readFileSync(FILE, { encoding: "utf8", flag: "a+" })) {
    writeFileSync(FILE, text);
  }
}
