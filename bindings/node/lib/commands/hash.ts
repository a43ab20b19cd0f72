// Hashes, and fields that expire.

import {
  type Arg,
  command,
  type Fields,
  fieldList,
  flatten,
  type Key,
  type Pairs,
  type Tokens,
  tokens,
} from "../command.js";

/** When an expiry is set. */
export type ExpireCondition = "NX" | "XX" | "GT" | "LT";
/** Options of HGETEX. */
export type HGetExOptions = Tokens<"ex" | "px" | "exat" | "pxat", "persist">;
/** Options of HSETEX. */
export type HSetExOptions = Tokens<"ex" | "px" | "exat" | "pxat", "fnx" | "fxx" | "keepttl">;
/** Options of HSCAN. */
export type HScanOptions = Tokens<"match" | "count", "novalues">;

/** Commands whose replies are numbers and states. */
export const hashes = {
  /** Deletes fields and gives how many there were. */
  hdel: (key: Key, ...fields: Key[]) => command<number>(["HDEL", key, ...fields]),
  /** 1 where the field exists. */
  hexists: (key: Key, field: Key) => command<number>(["HEXISTS", key, field]),
  /** Lets fields expire after seconds. For each field: 1 set, 0 condition not met, 2 expired at once, -2 no such field. */
  hexpire: (key: Key, seconds: number, ...fields: Fields<ExpireCondition>) =>
    command<number[]>(["HEXPIRE", key, seconds, ...fieldList(fields)]),
  /** Lets fields expire at a Unix time in seconds. */
  hexpireat: (key: Key, seconds: number, ...fields: Fields<ExpireCondition>) =>
    command<number[]>(["HEXPIREAT", key, seconds, ...fieldList(fields)]),
  /** The Unix times in seconds at which fields expire; -1 never, -2 no such field. */
  hexpiretime: (key: Key, ...fields: Fields<never>) => command<number[]>(["HEXPIRETIME", key, ...fieldList(fields)]),
  /** Adds to a field and gives the sum. */
  hincrby: (key: Key, field: Key, increment: number | bigint) =>
    command<number>(["HINCRBY", key, field, increment]),
  /** The number of fields. */
  hlen: (key: Key) => command<number>(["HLEN", key]),
  /** Sets fields, by HSET's old name. */
  hmset: (key: Key, ...pairs: Pairs) => command<"OK">(["HMSET", key, ...flatten(pairs)]),
  /** Takes the expiry off fields. For each: 1 done, -1 had none, -2 no such field. */
  hpersist: (key: Key, ...fields: Fields<never>) => command<number[]>(["HPERSIST", key, ...fieldList(fields)]),
  /** Lets fields expire after milliseconds. */
  hpexpire: (key: Key, milliseconds: number, ...fields: Fields<ExpireCondition>) =>
    command<number[]>(["HPEXPIRE", key, milliseconds, ...fieldList(fields)]),
  /** Lets fields expire at a Unix time in milliseconds. */
  hpexpireat: (key: Key, milliseconds: number, ...fields: Fields<ExpireCondition>) =>
    command<number[]>(["HPEXPIREAT", key, milliseconds, ...fieldList(fields)]),
  /** The Unix times in milliseconds at which fields expire. */
  hpexpiretime: (key: Key, ...fields: Fields<never>) => command<number[]>(["HPEXPIRETIME", key, ...fieldList(fields)]),
  /** The milliseconds that fields have left. */
  hpttl: (key: Key, ...fields: Fields<never>) => command<number[]>(["HPTTL", key, ...fieldList(fields)]),
  /** Sets fields and gives how many are new: an object, a Map, or fields and values one after the other. */
  hset: (key: Key, ...pairs: Pairs) => command<number>(["HSET", key, ...flatten(pairs)]),
  /** Sets fields with an expiry: `hsetex(key, { name: "ada" }, { ex: 60 })`. 1 if it did. */
  hsetex: (key: Key, ...rest: [pairs: Record<string, Arg> | ReadonlyMap<Key, Arg>, options?: HSetExOptions] | Arg[]) => {
    const [pairs, options] = rest;
    if (typeof pairs !== "object" || ArrayBuffer.isView(pairs)) {
      return command<number>(["HSETEX", key, ...(rest as Arg[])]);
    }
    const flat = flatten([pairs]);
    return command<number>(["HSETEX", key, ...tokens([options]), "FIELDS", flat.length / 2, ...flat]);
  },
  /** Sets a field that does not exist: 1 if it did. */
  hsetnx: (key: Key, field: Key, value: Arg) => command<number>(["HSETNX", key, field, value]),
  /** The length of a field's value in bytes. */
  hstrlen: (key: Key, field: Key) => command<number>(["HSTRLEN", key, field]),
  /** The seconds that fields have left; -1 no expiry, -2 no such field. */
  httl: (key: Key, ...fields: Fields<never>) => command<number[]>(["HTTL", key, ...fieldList(fields)]),
};

/** Commands whose replies are values: each has a twin that gives Buffers. */
export const hashValues = {
  /** The value of a field. */
  hget: (key: Key, field: Key) => command<string | null>(["HGET", key, field]),
  /** All fields with their values. */
  hgetall: (key: Key) => command<Record<string, string>>(["HGETALL", key]),
  /** The values of fields, which are deleted: `hgetdel(key, ["name"])`. */
  hgetdel: (key: Key, ...fields: Fields<never>) =>
    command<(string | null)[] | null>(["HGETDEL", key, ...fieldList(fields)]),
  /** The values of fields, whose expiry is changed: `hgetex(key, ["name"], { ex: 60 })`. */
  hgetex: (key: Key, ...fields: Fields<HGetExOptions>) =>
    command<(string | null)[] | null>(["HGETEX", key, ...fieldList(fields)]),
  /** Adds to a field with fractions and gives the sum. */
  hincrbyfloat: (key: Key, field: Key, increment: number | string) =>
    command<string>(["HINCRBYFLOAT", key, field, increment]),
  /** All fields. */
  hkeys: (key: Key) => command<string[]>(["HKEYS", key]),
  /** The values of several fields. */
  hmget: (key: Key, ...fields: Key[] | [readonly Key[]]) =>
    command<(string | null)[]>(["HMGET", key, ...(fields.flat() as Key[])]),
  /** A field chosen at random, or with a count several. */
  hrandfield: (key: Key, ...rest: [] | [count: number, withValues?: "WITHVALUES"]) =>
    command<string | null | string[] | [string, string][]>(["HRANDFIELD", key, ...(rest as Arg[])]),
  /** Some fields with their values, one after the other, and where to go on: 0 at the end. */
  hscan: (key: Key, cursor: Arg, ...options: [HScanOptions?] | Arg[]) =>
    command<[string, string[]]>(["HSCAN", key, cursor, ...tokens(options)]),
  /** All values. */
  hvals: (key: Key) => command<string[]>(["HVALS", key]),
};
