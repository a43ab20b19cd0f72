// Sorted sets.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  counted,
  entriesOf,
  given,
  isPlain,
  type Key,
  type Named,
  type Numeric,
  optionalVerbs,
  type Out,
  type Several,
  verb,
  verbs,
} from "../command.js";
import type {
  ZAddOptions,
  ZDiffOptions,
  ZInterCardOptions,
  ZInterOptions,
  ZInterStoreOptions,
  ZMPopOptions,
  ZRandMemberOptions,
  ZRangeByLexOptions,
  ZRangeByScoreOptions,
  ZRangeOptions,
  ZRangeStoreOptions,
  ZRevRangeByLexOptions,
  ZRevRangeByScoreOptions,
  ZRevRangeOptions,
  ZScanOptions,
  ZUnionOptions,
  ZUnionStoreOptions,
} from "./options.js";

/** A member with its score. */
export type Scored = [member: string, score: number];
/** Members with their scores, to add: `{ ada: 42 }`, a Map, or `[["ada", 42]]`. */
export type Scores = Named<Numeric> | readonly (readonly [member: Arg, score: Numeric])[];
/** The end of the sorted set that members are taken from. */
export type Extreme = "MIN" | "MAX" | "min" | "max";

/** What options with `withscores` ask for. */
type Ask = { withscores: true };
type Plain = { withscores?: false | undefined };
/** Both, where a program does not say before it runs. */
type Either = string[] | Scored[];

/** Commands whose replies are numbers and states. */
export interface SortedSetMethods<Form> {
  /**
   * Adds members or changes their scores, and gives how many are new, with `ch` how many are new or changed:
   * `zadd("board", { ada: 42 }, { gt: true })` or `zadd("board", "GT", 42, "ada")`. With `incr` it adds to one score
   * and gives the sum, null where a condition was not met.
   */
  zadd(key: Key, members: Scores, options: ZAddOptions & { incr: true }): Out<Form, number | null>;
  zadd(key: Key, members: Scores, options?: ZAddOptions & { incr?: false | undefined }): Out<Form, number>;
  zadd(key: Key, ...args: [members: Scores, options: ZAddOptions] | Arg[]): Out<Form, number | null>;
  /** The number of members. */
  zcard(key: Key): Out<Form, number>;
  /** How many members have a score in a range. `"(1"` leaves its end out, `"-inf"` and `"+inf"` have none. */
  zcount(key: Key, min: Numeric, max: Numeric): Out<Form, number>;
  /** Stores the members that the first sorted set alone has, and gives how many they are. */
  zdiffstore(destination: Key, keys: readonly Key[]): Out<Form, number>;
  zdiffstore(destination: Key, count: number, ...keys: Key[]): Out<Form, number>;
  /** Adds to a score and gives the sum. */
  zincrby(key: Key, increment: Numeric, member: Arg): Out<Form, number>;
  /** How many members all sorted sets have. */
  zintercard(keys: readonly Key[], options?: ZInterCardOptions): Out<Form, number>;
  zintercard(count: number, ...args: Arg[]): Out<Form, number>;
  /** Stores the members that all sorted sets have, and gives how many they are. */
  zinterstore(destination: Key, keys: readonly Key[], options?: ZInterStoreOptions): Out<Form, number>;
  zinterstore(destination: Key, count: number, ...args: Arg[]): Out<Form, number>;
  /** How many members lie in a range by name: `"[a"`, `"(a"`, `"-"`, `"+"`. */
  zlexcount(key: Key, min: Arg, max: Arg): Out<Form, number>;
  /** The scores of members, null for those that are none. */
  zmscore(key: Key, ...members: Several<Arg>): Out<Form, (number | null)[]>;
  /** Stores a range and gives how many members it has. */
  zrangestore(
    destination: Key,
    source: Key,
    min: Arg,
    max: Arg,
    ...options: [ZRangeStoreOptions?] | Arg[]
  ): Out<Form, number>;
  /** The place of a member, from the lowest score on, or with `"WITHSCORE"` place and score. */
  zrank(key: Key, member: Arg): Out<Form, number | null>;
  zrank(key: Key, member: Arg, withScore: "WITHSCORE"): Out<Form, [rank: number, score: number] | null>;
  /** Removes members and gives how many there were. */
  zrem(key: Key, ...members: Several<Arg>): Out<Form, number>;
  /** Removes a range by name and gives how many there were. */
  zremrangebylex(key: Key, min: Arg, max: Arg): Out<Form, number>;
  /** Removes a range by place and gives how many there were. */
  zremrangebyrank(key: Key, start: number, stop: number): Out<Form, number>;
  /** Removes a range by score and gives how many there were. */
  zremrangebyscore(key: Key, min: Numeric, max: Numeric): Out<Form, number>;
  /** The place of a member, from the highest score on, or with `"WITHSCORE"` place and score. */
  zrevrank(key: Key, member: Arg): Out<Form, number | null>;
  zrevrank(key: Key, member: Arg, withScore: "WITHSCORE"): Out<Form, [rank: number, score: number] | null>;
  /** The score of a member. */
  zscore(key: Key, member: Arg): Out<Form, number | null>;
  /** Stores the members that any sorted set has, and gives how many they are. */
  zunionstore(destination: Key, keys: readonly Key[], options?: ZUnionStoreOptions): Out<Form, number>;
  zunionstore(destination: Key, count: number, ...args: Arg[]): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface SortedSetValues<Form> {
  /** The members that the first sorted set alone has: `zdiff(["a", "b"], { withscores: true })`. */
  zdiff(keys: readonly Key[], options: ZDiffOptions & Ask): Out<Form, Scored[]>;
  zdiff(keys: readonly Key[], options?: ZDiffOptions & Plain): Out<Form, string[]>;
  zdiff(...args: [keys: readonly Key[], options: ZDiffOptions] | [count: number, ...Arg[]]): Out<Form, Either>;
  /** The members that all sorted sets have: `zinter(["a", "b"], { weights: [1, 2], aggregate: "MAX" })`. */
  zinter(keys: readonly Key[], options: ZInterOptions & Ask): Out<Form, Scored[]>;
  zinter(keys: readonly Key[], options?: ZInterOptions & Plain): Out<Form, string[]>;
  zinter(...args: [keys: readonly Key[], options: ZInterOptions] | [count: number, ...Arg[]]): Out<Form, Either>;
  /** Takes members off the first sorted set that has any: `zmpop(["a", "b"], "MIN", { count: 10 })`. */
  zmpop(keys: readonly Key[], from: Extreme, options?: ZMPopOptions): Out<Form, [key: string, members: Scored[]] | null>;
  zmpop(count: number, ...args: Arg[]): Out<Form, [key: string, members: Scored[]] | null>;
  /** Takes the member with the highest score out, or with a count several. */
  zpopmax(key: Key): Out<Form, Scored | null>;
  zpopmax(key: Key, count: number): Out<Form, Scored[]>;
  /** Takes the member with the lowest score out, or with a count several. */
  zpopmin(key: Key): Out<Form, Scored | null>;
  zpopmin(key: Key, count: number): Out<Form, Scored[]>;
  /** A member chosen at random, or with a count several: a negative count may choose one twice. */
  zrandmember(key: Key): Out<Form, string | null>;
  zrandmember(key: Key, count: number, options: "WITHSCORES" | Ask): Out<Form, Scored[]>;
  zrandmember(key: Key, count: number, options?: ZRandMemberOptions & Plain): Out<Form, string[]>;
  /**
   * A range by place, or with `byscore` or `bylex` by score or name:
   * `zrange("board", "(1", "+inf", { byscore: true, limit: [0, 10], withscores: true })`.
   */
  zrange(key: Key, start: Arg, stop: Arg, options: (ZRangeOptions & Ask) | "WITHSCORES"): Out<Form, Scored[]>;
  zrange(key: Key, start: Arg, stop: Arg, options?: ZRangeOptions & Plain): Out<Form, string[]>;
  zrange(key: Key, start: Arg, stop: Arg, ...options: [ZRangeOptions] | Arg[]): Out<Form, Either>;
  /** A range by name: `"[a"`, `"(a"`, `"-"`, `"+"`. */
  zrangebylex(key: Key, min: Arg, max: Arg, ...options: [ZRangeByLexOptions?] | Arg[]): Out<Form, string[]>;
  /** A range by score. */
  zrangebyscore(
    key: Key,
    min: Numeric,
    max: Numeric,
    options: (ZRangeByScoreOptions & Ask) | "WITHSCORES",
  ): Out<Form, Scored[]>;
  zrangebyscore(key: Key, min: Numeric, max: Numeric, options?: ZRangeByScoreOptions & Plain): Out<Form, string[]>;
  zrangebyscore(key: Key, min: Numeric, max: Numeric, ...options: [ZRangeByScoreOptions] | Arg[]): Out<Form, Either>;
  /** A range by place, the highest score first. */
  zrevrange(key: Key, start: number, stop: number, options: (ZRevRangeOptions & Ask) | "WITHSCORES"): Out<Form, Scored[]>;
  zrevrange(key: Key, start: number, stop: number, options?: ZRevRangeOptions & Plain): Out<Form, string[]>;
  /** A range by name, from its end. */
  zrevrangebylex(key: Key, max: Arg, min: Arg, ...options: [ZRevRangeByLexOptions?] | Arg[]): Out<Form, string[]>;
  /** A range by score, the highest first. */
  zrevrangebyscore(
    key: Key,
    max: Numeric,
    min: Numeric,
    options: (ZRevRangeByScoreOptions & Ask) | "WITHSCORES",
  ): Out<Form, Scored[]>;
  zrevrangebyscore(key: Key, max: Numeric, min: Numeric, options?: ZRevRangeByScoreOptions & Plain): Out<Form, string[]>;
  zrevrangebyscore(
    key: Key,
    max: Numeric,
    min: Numeric,
    ...options: [ZRevRangeByScoreOptions] | Arg[]
  ): Out<Form, Either>;
  /** Some members with their scores, one after the other, and where to go on: 0 at the end. */
  zscan(key: Key, cursor: Arg, ...options: [ZScanOptions?] | Arg[]): Out<Form, [cursor: string, members: string[]]>;
  /** The members that any sorted set has: `zunion(["a", "b"], { weights: [1, 2], aggregate: "MAX" })`. */
  zunion(keys: readonly Key[], options: ZUnionOptions & Ask): Out<Form, Scored[]>;
  zunion(keys: readonly Key[], options?: ZUnionOptions & Plain): Out<Form, string[]>;
  zunion(...args: [keys: readonly Key[], options: ZUnionOptions] | [count: number, ...Arg[]]): Out<Form, Either>;
}

/** Scores stand before members on the wire. */
const zadd: Builder = (key: Key, members: Scores | Arg, ...rest: unknown[]) => {
  const isList = Array.isArray(members);
  if (!isList && !isPlain(members)) {
    return command(append(["ZADD", key], "ZADD", [members, ...rest]));
  }
  const pairs = isList ? (members as [Arg, Numeric][]) : entriesOf(members as Named<Numeric>);
  const argv = append(["ZADD", key], "ZADD", given(rest));
  for (const [member, score] of pairs) {
    argv.push(score, member);
  }
  return command(argv);
};

/** Without a count the reply is one member and its score, or nothing at all. */
const pop = (name: string): Builder => {
  const one = verb(name, 1, (reply: unknown[]) => (reply.length === 0 ? null : reply));
  const several = verb(name);
  return (...args) => (given(args).length > 1 ? several(...args) : one(...args));
};

/** @internal */
export const sortedSets: Builders<SortedSetMethods<unknown>> = {
  ...verbs("zcard", "zcount", "zincrby", "zlexcount", "zmscore", "zrem", "zscore"),
  ...verbs("zremrangebylex", "zremrangebyrank", "zremrangebyscore"),
  ...optionalVerbs(2, "zrank", "zrevrank"),
  ...optionalVerbs(4, "zrangestore"),
  zadd,
  zdiffstore: counted("ZDIFFSTORE", 1),
  zintercard: counted("ZINTERCARD"),
  zinterstore: counted("ZINTERSTORE", 1),
  zunionstore: counted("ZUNIONSTORE", 1),
};

/** @internal */
export const sortedSetValues: Builders<SortedSetValues<unknown>> = {
  ...optionalVerbs(1, "zrandmember"),
  ...optionalVerbs(2, "zscan"),
  ...optionalVerbs(3, "zrange", "zrangebylex", "zrangebyscore", "zrevrange", "zrevrangebylex", "zrevrangebyscore"),
  zdiff: counted("ZDIFF"),
  zinter: counted("ZINTER"),
  zmpop: counted("ZMPOP"),
  zpopmax: pop("ZPOPMAX"),
  zpopmin: pop("ZPOPMIN"),
  zunion: counted("ZUNION"),
};
