// Hashes, and fields that expire.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  fieldList,
  type Fields,
  flatten,
  given,
  isPlain,
  type Key,
  type Named,
  type Numeric,
  optionalVerbs,
  type Out,
  type Pairs,
  type Several,
  verbs,
} from "../command.js";
import type { HGetExOptions, HScanOptions, HSetExOptions } from "./options.js";

/** When an expiry is set. */
export type ExpireCondition = "NX" | "XX" | "GT" | "LT";

/** Commands whose replies are numbers and states. */
export interface HashMethods<Form> {
  /** Deletes fields and gives how many there were. */
  hdel(key: Key, ...fields: Several<Key>): Out<Form, number>;
  /** 1 where the field exists. */
  hexists(key: Key, field: Key): Out<Form, number>;
  /** Lets fields expire after seconds. For each field: 1 set, 0 condition not met, 2 expired at once, -2 no such field. */
  hexpire(key: Key, seconds: number, ...fields: Fields<ExpireCondition>): Out<Form, number[]>;
  /** Lets fields expire at a Unix time in seconds. */
  hexpireat(key: Key, seconds: number, ...fields: Fields<ExpireCondition>): Out<Form, number[]>;
  /** The Unix times in seconds at which fields expire; -1 never, -2 no such field. */
  hexpiretime(key: Key, ...fields: Fields<never>): Out<Form, number[]>;
  /** Adds to a field and gives the sum. */
  hincrby(key: Key, field: Key, increment: number | bigint): Out<Form, number>;
  /** The number of fields. */
  hlen(key: Key): Out<Form, number>;
  /** Sets fields, by HSET's old name. */
  hmset(key: Key, ...pairs: Pairs): Out<Form, "OK">;
  /** Takes the expiry off fields. For each: 1 done, -1 had none, -2 no such field. */
  hpersist(key: Key, ...fields: Fields<never>): Out<Form, number[]>;
  /** Lets fields expire after milliseconds. */
  hpexpire(key: Key, milliseconds: number, ...fields: Fields<ExpireCondition>): Out<Form, number[]>;
  /** Lets fields expire at a Unix time in milliseconds. */
  hpexpireat(key: Key, milliseconds: number, ...fields: Fields<ExpireCondition>): Out<Form, number[]>;
  /** The Unix times in milliseconds at which fields expire. */
  hpexpiretime(key: Key, ...fields: Fields<never>): Out<Form, number[]>;
  /** The milliseconds that fields have left. */
  hpttl(key: Key, ...fields: Fields<never>): Out<Form, number[]>;
  /** Sets fields and gives how many are new: an object, a Map, or fields and values one after the other. */
  hset(key: Key, ...pairs: Pairs): Out<Form, number>;
  /** Sets fields with an expiry: `hsetex(key, { name: "ada" }, { ex: 60 })`. 1 if it did. */
  hsetex(key: Key, ...fields: [pairs: Named<Arg>, options?: HSetExOptions] | Arg[]): Out<Form, number>;
  /** Sets a field that does not exist: 1 if it did. */
  hsetnx(key: Key, field: Key, value: Arg): Out<Form, number>;
  /** The length of a field's value in bytes. */
  hstrlen(key: Key, field: Key): Out<Form, number>;
  /** The seconds that fields have left; -1 no expiry, -2 no such field. */
  httl(key: Key, ...fields: Fields<never>): Out<Form, number[]>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface HashValues<Form> {
  /** The value of a field. */
  hget(key: Key, field: Key): Out<Form, string | null>;
  /** All fields with their values. */
  hgetall(key: Key): Out<Form, Record<string, string>>;
  /** The values of fields, which are deleted: `hgetdel(key, ["name"])`. */
  hgetdel(key: Key, ...fields: Fields<never>): Out<Form, (string | null)[] | null>;
  /** The values of fields, whose expiry is changed: `hgetex(key, ["name"], { ex: 60 })`. */
  hgetex(key: Key, ...fields: Fields<HGetExOptions>): Out<Form, (string | null)[] | null>;
  /** Adds to a field with fractions and gives the sum. */
  hincrbyfloat(key: Key, field: Key, increment: Numeric): Out<Form, string>;
  /** All fields. */
  hkeys(key: Key): Out<Form, string[]>;
  /** The values of several fields. */
  hmget(key: Key, ...fields: Several<Key>): Out<Form, (string | null)[]>;
  /** A field chosen at random, or with a count several: a negative count may choose one twice. */
  hrandfield(key: Key): Out<Form, string | null>;
  hrandfield(key: Key, count: number): Out<Form, string[]>;
  hrandfield(key: Key, count: number, withValues: "WITHVALUES"): Out<Form, [field: string, value: string][]>;
  /** Some fields with their values, one after the other, and where to go on: 0 at the end. */
  hscan(key: Key, cursor: Arg, ...options: [HScanOptions?] | Arg[]): Out<Form, [cursor: string, fields: string[]]>;
  /** All values. */
  hvals(key: Key): Out<Form, string[]>;
}

/** A verb that takes fields with values. */
const paired =
  (name: string): Builder =>
  (key: Key, ...pairs: Pairs) =>
    command(append([name, key], name, flatten(pairs)));

/** Verbs that take a list of fields behind `count` other arguments. */
function listed<Name extends string>(count: number, ...names: Name[]): Record<Name, Builder> {
  const build = (verb: string): Builder => {
    return (...args) => command([verb, ...args.slice(0, count), ...fieldList(verb, args.slice(count) as Fields<unknown>)]);
  };
  return Object.fromEntries(names.map((name) => [name, build(name.toUpperCase())])) as Record<Name, Builder>;
}

const hsetex: Builder = (key: Key, ...args: unknown[]) => {
  const [pairs, ...options] = args;
  if (!isPlain(pairs)) {
    return command(append(["HSETEX", key], "HSETEX", args));
  }
  const flat = flatten([pairs as Named<Arg>]);
  return command([...append(["HSETEX", key], "HSETEX", given(options)), "FIELDS", flat.length / 2, ...flat]);
};

/** @internal */
export const hashes: Builders<HashMethods<unknown>> = {
  ...verbs("hdel", "hexists", "hincrby", "hlen", "hsetnx", "hstrlen"),
  ...listed(1, "hexpiretime", "hpersist", "hpexpiretime", "hpttl", "httl"),
  ...listed(2, "hexpire", "hexpireat", "hpexpire", "hpexpireat"),
  hmset: paired("HMSET"),
  hset: paired("HSET"),
  hsetex,
};

/** @internal */
export const hashValues: Builders<HashValues<unknown>> = {
  ...verbs("hget", "hgetall", "hincrbyfloat", "hkeys", "hmget", "hvals"),
  ...optionalVerbs(1, "hrandfield"),
  ...optionalVerbs(2, "hscan"),
  ...listed(1, "hgetdel", "hgetex"),
};
