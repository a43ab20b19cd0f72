// Strings.

import { type Arg, command, flatten, type Key, type Pairs, type Tokens, tokens } from "../command.js";

/** Options of SET. */
export type SetOptions = Tokens<"ex" | "px" | "exat" | "pxat", "nx" | "xx" | "keepttl" | "get">;
/** Options of GETEX. */
export type GetExOptions = Tokens<"ex" | "px" | "exat" | "pxat", "persist">;

/** Commands whose replies are numbers and states. */
export const strings = {
  /** Appends to a string and gives its length. */
  append: (key: Key, value: Arg) => command<number>(["APPEND", key, value]),
  /** Takes 1 off a number. */
  decr: (key: Key) => command<number>(["DECR", key]),
  /** Takes an amount off a number. */
  decrby: (key: Key, decrement: number | bigint) => command<number>(["DECRBY", key, decrement]),
  /** Adds 1 to a number. */
  incr: (key: Key) => command<number>(["INCR", key]),
  /** Adds an amount to a number. */
  incrby: (key: Key, increment: number | bigint) => command<number>(["INCRBY", key, increment]),
  /** Sets several keys at once: an object, a Map, or keys and values one after the other. */
  mset: (...pairs: Pairs) => command<"OK">(["MSET", ...flatten(pairs)]),
  /** Sets several keys where none of them exists: 1 if it did. */
  msetnx: (...pairs: Pairs) => command<number>(["MSETNX", ...flatten(pairs)]),
  /** Sets a key that expires after milliseconds. */
  psetex: (key: Key, milliseconds: number, value: Arg) => command<"OK">(["PSETEX", key, milliseconds, value]),
  /** Sets a key that expires after seconds. */
  setex: (key: Key, seconds: number, value: Arg) => command<"OK">(["SETEX", key, seconds, value]),
  /** Sets a key that does not exist: 1 if it did. */
  setnx: (key: Key, value: Arg) => command<number>(["SETNX", key, value]),
  /** Overwrites part of a string and gives its length. */
  setrange: (key: Key, offset: number, value: Arg) => command<number>(["SETRANGE", key, offset, value]),
  /** The length of a string in bytes. */
  strlen: (key: Key) => command<number>(["STRLEN", key]),
};

/** Commands whose replies are values: each has a twin that gives Buffers. */
export const stringValues = {
  /** The value of a key. */
  get: (key: Key) => command<string | null>(["GET", key]),
  /** The value of a key, which is deleted. */
  getdel: (key: Key) => command<string | null>(["GETDEL", key]),
  /** The value of a key, whose expiry is changed: `getex(key, { ex: 60 })` or `getex(key, "EX", 60)`. */
  getex: (key: Key, ...options: [GetExOptions?] | Arg[]) =>
    command<string | null>(["GETEX", key, ...tokens(options)]),
  /** A part of a string; both ends belong to it and may count from the end. */
  getrange: (key: Key, start: number, end: number) => command<string>(["GETRANGE", key, start, end]),
  /** Sets a key and gives its value before. */
  getset: (key: Key, value: Arg) => command<string | null>(["GETSET", key, value]),
  /** Adds to a number with fractions and gives it. */
  incrbyfloat: (key: Key, increment: number | string) => command<string>(["INCRBYFLOAT", key, increment]),
  /** The longest common subsequence of two strings. For LEN and IDX use `call`. */
  lcs: (key1: Key, key2: Key) => command<string>(["LCS", key1, key2]),
  /** The values of several keys, null for those that are missing or no strings. */
  mget: (...keys: Key[] | [readonly Key[]]) => command<(string | null)[]>(["MGET", ...(keys.flat() as Key[])]),
  /** A part of a string, by its old name. */
  substr: (key: Key, start: number, end: number) => command<string>(["SUBSTR", key, start, end]),
  /** Sets a key: `set(key, value, { ex: 60, nx: true })` or `set(key, value, "EX", 60, "NX")`. Null where a condition failed. */
  set: (key: Key, value: Arg, ...options: [SetOptions?] | Arg[]) =>
    command<string | null>(["SET", key, value, ...tokens(options)]),
};
