// Strings.

import {
  type Arg,
  append,
  type Builder,
  type Builders,
  command,
  flatten,
  type Key,
  type Numeric,
  optionalVerbs,
  type Out,
  type Pairs,
  type Several,
  verbs,
} from "../command.js";
import type { GetExOptions, LcsOptions, SetOptions } from "./options.js";

/** Where two strings have the same: both ends of each part belong to it. */
export type LcsMatch = [in1: [start: number, end: number], in2: [start: number, end: number], length?: number];
/** What LCS gives with `idx`: the matches, the last of them first, and the length of all. */
export type LcsMatches = { matches: LcsMatch[]; len: number };

/** Commands whose replies are numbers and states. */
export interface StringMethods<Form> {
  /** Appends to a string and gives its length. */
  append(key: Key, value: Arg): Out<Form, number>;
  /** Takes 1 off a number. */
  decr(key: Key): Out<Form, number>;
  /** Takes an amount off a number. */
  decrby(key: Key, decrement: number | bigint): Out<Form, number>;
  /** Adds 1 to a number. */
  incr(key: Key): Out<Form, number>;
  /** Adds an amount to a number. */
  incrby(key: Key, increment: number | bigint): Out<Form, number>;
  /** Sets several keys at once: an object, a Map, or keys and values one after the other. */
  mset(...pairs: Pairs): Out<Form, "OK">;
  /** Sets several keys where none of them exists: 1 if it did. */
  msetnx(...pairs: Pairs): Out<Form, number>;
  /** Sets a key that expires after milliseconds. */
  psetex(key: Key, milliseconds: number, value: Arg): Out<Form, "OK">;
  /** Sets a key that expires after seconds. */
  setex(key: Key, seconds: number, value: Arg): Out<Form, "OK">;
  /** Sets a key that does not exist: 1 if it did. */
  setnx(key: Key, value: Arg): Out<Form, number>;
  /** Overwrites part of a string and gives its length. */
  setrange(key: Key, offset: number, value: Arg): Out<Form, number>;
  /** The length of a string in bytes. */
  strlen(key: Key): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface StringValues<Form> {
  /** The value of a key. */
  get(key: Key): Out<Form, string | null>;
  /** The value of a key, which is deleted. */
  getdel(key: Key): Out<Form, string | null>;
  /** The value of a key, whose expiry is changed: `getex(key, { ex: 60 })` or `getex(key, "EX", 60)`. */
  getex(key: Key, ...options: [GetExOptions?] | Arg[]): Out<Form, string | null>;
  /** A part of a string; both ends belong to it and may count from the end. */
  getrange(key: Key, start: number, end: number): Out<Form, string>;
  /** Sets a key and gives its value before. */
  getset(key: Key, value: Arg): Out<Form, string | null>;
  /** Adds to a number with fractions and gives it. */
  incrbyfloat(key: Key, increment: Numeric): Out<Form, string>;
  /** The longest common subsequence of two strings, with `len` its length, with `idx` where it lies. */
  lcs(key1: Key, key2: Key, options: LcsOptions & { idx: true }): Out<Form, LcsMatches>;
  lcs(key1: Key, key2: Key, options: LcsOptions & { len: true }): Out<Form, number>;
  lcs(key1: Key, key2: Key): Out<Form, string>;
  lcs(key1: Key, key2: Key, ...options: [LcsOptions] | Arg[]): Out<Form, string | number | LcsMatches>;
  /** The values of several keys, null for those that are missing or no strings. */
  mget(...keys: Several<Key>): Out<Form, (string | null)[]>;
  /** A part of a string, by its old name. */
  substr(key: Key, start: number, end: number): Out<Form, string>;
  /**
   * Sets a key: `set(key, value, { ex: 60, nx: true })` or `set(key, value, "EX", 60, "NX")`. Null where a condition
   * was not met; with `get` the value before.
   */
  set(key: Key, value: Arg, options: SetOptions & { get: true }): Out<Form, string | null>;
  set(key: Key, value: Arg, options?: SetOptions & { get?: false | undefined }): Out<Form, "OK" | null>;
  set(key: Key, value: Arg, ...options: [SetOptions] | Arg[]): Out<Form, string | null> | Out<Form, "OK">;
}

/** A verb that takes names with values. */
const paired =
  (name: string): Builder =>
  (...pairs: Pairs) =>
    command(append([name], name, flatten(pairs)));

/** @internal */
export const strings: Builders<StringMethods<unknown>> = {
  ...verbs("append", "decr", "decrby", "incr", "incrby", "psetex", "setex", "setnx", "setrange", "strlen"),
  mset: paired("MSET"),
  msetnx: paired("MSETNX"),
};

/** @internal */
export const stringValues: Builders<StringValues<unknown>> = {
  ...verbs("get", "getdel", "getrange", "getset", "incrbyfloat", "mget", "substr"),
  ...optionalVerbs(1, "getex"),
  ...optionalVerbs(2, "lcs", "set"),
};
