// Sets.

import { type Arg, type Builders, counted, type Key, optionalVerbs, type Out, type Several, verbs } from "../command.js";
import type { SInterCardOptions, SScanOptions } from "./options.js";

/** Commands whose replies are numbers and states. */
export interface SetMethods<Form> {
  /** Adds members and gives how many are new. */
  sadd(key: Key, ...members: Several<Arg>): Out<Form, number>;
  /** The number of members. */
  scard(key: Key): Out<Form, number>;
  /** Stores the members that the first set alone has, and gives how many they are. */
  sdiffstore(destination: Key, ...keys: Several<Key>): Out<Form, number>;
  /** How many members all sets have: `sintercard(["a", "b"], { limit: 10 })`. */
  sintercard(keys: readonly Key[], options?: SInterCardOptions): Out<Form, number>;
  sintercard(count: number, ...args: Arg[]): Out<Form, number>;
  /** Stores the members that all sets have, and gives how many they are. */
  sinterstore(destination: Key, ...keys: Several<Key>): Out<Form, number>;
  /** 1 for a member. */
  sismember(key: Key, member: Arg): Out<Form, number>;
  /** For each: 1 for a member, else 0. */
  smismember(key: Key, ...members: Several<Arg>): Out<Form, number[]>;
  /** Moves a member to another set: 1 if it was there. */
  smove(source: Key, destination: Key, member: Arg): Out<Form, number>;
  /** Removes members and gives how many there were. */
  srem(key: Key, ...members: Several<Arg>): Out<Form, number>;
  /** Stores the members that any set has, and gives how many they are. */
  sunionstore(destination: Key, ...keys: Several<Key>): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface SetValues<Form> {
  /** The members that the first set alone has. */
  sdiff(...keys: Several<Key>): Out<Form, string[]>;
  /** The members that all sets have. */
  sinter(...keys: Several<Key>): Out<Form, string[]>;
  /** All members. */
  smembers(key: Key): Out<Form, string[]>;
  /** Takes a member out that is chosen at random, or with a count several. */
  spop(key: Key): Out<Form, string | null>;
  spop(key: Key, count: number): Out<Form, string[]>;
  spop(key: Key, count?: number): Out<Form, string | string[] | null>;
  /** A member chosen at random, or with a count several: a negative count may choose one twice. */
  srandmember(key: Key): Out<Form, string | null>;
  srandmember(key: Key, count: number): Out<Form, string[]>;
  srandmember(key: Key, count?: number): Out<Form, string | string[] | null>;
  /** Some members, and where to go on: 0 at the end. */
  sscan(key: Key, cursor: Arg, ...options: [SScanOptions?] | Arg[]): Out<Form, [cursor: string, members: string[]]>;
  /** The members that any set has. */
  sunion(...keys: Several<Key>): Out<Form, string[]>;
}

/** @internal */
export const sets: Builders<SetMethods<unknown>> = {
  ...verbs("sadd", "scard", "sdiffstore", "sinterstore", "sismember", "smismember", "smove", "srem", "sunionstore"),
  sintercard: counted("SINTERCARD"),
};

/** @internal */
export const setValues: Builders<SetValues<unknown>> = {
  ...verbs("sdiff", "sinter", "smembers", "sunion"),
  ...optionalVerbs(1, "spop", "srandmember"),
  ...optionalVerbs(2, "sscan"),
};
