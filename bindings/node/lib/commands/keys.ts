// Keys of any type.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  given,
  type Key,
  optionalVerbs,
  type Out,
  type Several,
  verbs,
} from "../command.js";
import type { ExpireCondition } from "./hash.js";
import type { CopyOptions, RestoreOptions, ScanOptions, SortOptions, SortRoOptions } from "./options.js";

/** Commands whose replies are numbers and states. */
export interface KeyMethods<Form> {
  /** Copies a key: 1 if it did. */
  copy(source: Key, destination: Key, ...options: [CopyOptions?] | Arg[]): Out<Form, number>;
  /** Deletes keys and gives how many there were. */
  del(...keys: Several<Key>): Out<Form, number>;
  /** How many of the keys exist. */
  exists(...keys: Several<Key>): Out<Form, number>;
  /** Lets a key expire after seconds: 1 if it will. */
  expire(key: Key, seconds: number, ...condition: ExpireCondition[]): Out<Form, number>;
  /** Lets a key expire at a Unix time in seconds. */
  expireat(key: Key, seconds: number, ...condition: ExpireCondition[]): Out<Form, number>;
  /** The Unix time in seconds at which a key expires; -1 never, -2 no such key. */
  expiretime(key: Key): Out<Form, number>;
  /** Moves a key to another database: 1 if it did. */
  move(key: Key, db: number): Out<Form, number>;
  /** How a value is kept, such as `"listpack"`. */
  object(subcommand: "ENCODING", key: Key): Out<Form, string | null>;
  /** How often a key is used, under an LFU policy; how many seconds it was not used, under any other; always 1. */
  object(subcommand: "FREQ" | "IDLETIME" | "REFCOUNT", key: Key): Out<Form, number | null>;
  object(subcommand: "HELP"): Out<Form, string[]>;
  object(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Takes the expiry off a key: 1 if it had one. */
  persist(key: Key): Out<Form, number>;
  /** Lets a key expire after milliseconds. */
  pexpire(key: Key, milliseconds: number, ...condition: ExpireCondition[]): Out<Form, number>;
  /** Lets a key expire at a Unix time in milliseconds. */
  pexpireat(key: Key, milliseconds: number, ...condition: ExpireCondition[]): Out<Form, number>;
  /** The Unix time in milliseconds at which a key expires. */
  pexpiretime(key: Key): Out<Form, number>;
  /** The milliseconds that a key has left; -1 no expiry, -2 no such key. */
  pttl(key: Key): Out<Form, number>;
  /** Gives a key another name. */
  rename(key: Key, newKey: Key): Out<Form, "OK">;
  /** Gives a key a name that is free: 1 if it did. */
  renamenx(key: Key, newKey: Key): Out<Form, number>;
  /** Makes a key of what `dumpBuffer` gave; `milliseconds` 0 stands for no expiry. */
  restore(key: Key, milliseconds: number, dump: Uint8Array, ...options: [RestoreOptions?] | Arg[]): Out<Form, "OK">;
  /** Marks keys as used and gives how many there are. */
  touch(...keys: Several<Key>): Out<Form, number>;
  /** The seconds that a key has left; -1 no expiry, -2 no such key. */
  ttl(key: Key): Out<Form, number>;
  /** The type of a key: `"none"` where there is none. */
  type(key: Key): Out<Form, string>;
  /** Deletes keys and frees their memory later. */
  unlink(...keys: Several<Key>): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface KeyValues<Form> {
  /** A key in the form that RESTORE takes. It is binary: use `dumpBuffer`. */
  dump(key: Key): Out<Form, string | null>;
  /** All keys that match a pattern. */
  keys(pattern: Key): Out<Form, string[]>;
  /** A key chosen at random. */
  randomkey(): Out<Form, string | null>;
  /** Some keys, and where to go on: 0 at the end. */
  scan(cursor: Arg, ...options: [ScanOptions?] | Arg[]): Out<Form, [cursor: string, keys: string[]]>;
  /**
   * The elements of a list, set or sorted set in order: `sort("ids", { by: "weight_*", get: ["#", "name_*"] })`. What
   * `get` asks for stands one after the other, null where there is no such key. With `store` it gives how many were
   * stored.
   */
  sort(key: Key, options: SortOptions & { store: Key }): Out<Form, number>;
  sort(key: Key, options: SortOptions & { store?: undefined; get: {} }): Out<Form, (string | null)[]>;
  sort(key: Key, options?: SortOptions & { store?: undefined; get?: undefined }): Out<Form, string[]>;
  sort(key: Key, ...options: [SortOptions] | Arg[]): Out<Form, (string | null)[] | number>;
  /** As `sort`, which can only read. */
  sort_ro(key: Key, options?: SortRoOptions & { get?: undefined }): Out<Form, string[]>;
  sort_ro(key: Key, ...options: [SortRoOptions] | Arg[]): Out<Form, (string | null)[]>;
}

const object: Builder = (subcommand: string, ...args) =>
  command(append(["OBJECT", subcommand], "OBJECT", given(args)));

/** @internal */
export const keys: Builders<KeyMethods<unknown>> = {
  ...verbs("del", "exists", "expiretime", "move", "persist", "pexpiretime", "pttl", "rename", "renamenx"),
  ...verbs("expire", "expireat", "pexpire", "pexpireat", "touch", "ttl", "type", "unlink"),
  ...optionalVerbs(2, "copy"),
  ...optionalVerbs(3, "restore"),
  object,
};

/** @internal */
export const keyValues: Builders<KeyValues<unknown>> = {
  ...verbs("dump", "keys", "randomkey"),
  ...optionalVerbs(1, "scan", "sort", "sort_ro"),
};
