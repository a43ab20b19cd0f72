// Keys of any type.

import { type Arg, command, type Key, type Tokens, tokens } from "../command.js";
import type { ExpireCondition } from "./hash.js";

/** Options of COPY. */
export type CopyOptions = Tokens<"db", "replace">;
/** Options of RESTORE. */
export type RestoreOptions = Tokens<"idletime" | "freq", "replace" | "absttl">;
/** Options of SCAN. */
export type ScanOptions = Tokens<"match" | "count" | "type", never>;

/** Commands whose replies are numbers and states. */
export const keys = {
  /** Copies a key: 1 if it did. */
  copy: (source: Key, destination: Key, ...options: [CopyOptions?] | Arg[]) =>
    command<number>(["COPY", source, destination, ...tokens(options)]),
  /** Deletes keys and gives how many there were. */
  del: (...keys: Key[] | [readonly Key[]]) => command<number>(["DEL", ...(keys.flat() as Key[])]),
  /** How many of the keys exist. */
  exists: (...keys: Key[] | [readonly Key[]]) => command<number>(["EXISTS", ...(keys.flat() as Key[])]),
  /** Lets a key expire after seconds: 1 if it will. */
  expire: (key: Key, seconds: number, ...condition: ExpireCondition[]) =>
    command<number>(["EXPIRE", key, seconds, ...condition]),
  /** Lets a key expire at a Unix time in seconds. */
  expireat: (key: Key, seconds: number, ...condition: ExpireCondition[]) =>
    command<number>(["EXPIREAT", key, seconds, ...condition]),
  /** The Unix time in seconds at which a key expires; -1 never, -2 no such key. */
  expiretime: (key: Key) => command<number>(["EXPIRETIME", key]),
  /** Moves a key to another database: 1 if it did. */
  move: (key: Key, db: number) => command<number>(["MOVE", key, db]),
  /** Takes the expiry off a key: 1 if it had one. */
  persist: (key: Key) => command<number>(["PERSIST", key]),
  /** Lets a key expire after milliseconds. */
  pexpire: (key: Key, milliseconds: number, ...condition: ExpireCondition[]) =>
    command<number>(["PEXPIRE", key, milliseconds, ...condition]),
  /** Lets a key expire at a Unix time in milliseconds. */
  pexpireat: (key: Key, milliseconds: number, ...condition: ExpireCondition[]) =>
    command<number>(["PEXPIREAT", key, milliseconds, ...condition]),
  /** The Unix time in milliseconds at which a key expires. */
  pexpiretime: (key: Key) => command<number>(["PEXPIRETIME", key]),
  /** The milliseconds that a key has left; -1 no expiry, -2 no such key. */
  pttl: (key: Key) => command<number>(["PTTL", key]),
  /** Gives a key another name. */
  rename: (key: Key, newKey: Key) => command<"OK">(["RENAME", key, newKey]),
  /** Gives a key a name that is free: 1 if it did. */
  renamenx: (key: Key, newKey: Key) => command<number>(["RENAMENX", key, newKey]),
  /** Makes a key of what `dumpBuffer` gave; `milliseconds` 0 stands for no expiry. */
  restore: (key: Key, milliseconds: number, dump: Uint8Array, ...options: [RestoreOptions?] | Arg[]) =>
    command<"OK">(["RESTORE", key, milliseconds, dump, ...tokens(options)]),
  /** Marks keys as used and gives how many there are. */
  touch: (...keys: Key[] | [readonly Key[]]) => command<number>(["TOUCH", ...(keys.flat() as Key[])]),
  /** The seconds that a key has left; -1 no expiry, -2 no such key. */
  ttl: (key: Key) => command<number>(["TTL", key]),
  /** The type of a key: `"none"` where there is none. */
  type: (key: Key) => command<string>(["TYPE", key]),
  /** Deletes keys and frees their memory later. */
  unlink: (...keys: Key[] | [readonly Key[]]) => command<number>(["UNLINK", ...(keys.flat() as Key[])]),
};

/** Commands whose replies are values: each has a twin that gives Buffers. */
export const keyValues = {
  /** A key in the form that RESTORE takes. It is binary: use `dumpBuffer`. */
  dump: (key: Key) => command<string | null>(["DUMP", key]),
  /** All keys that match a pattern. */
  keys: (pattern: Key) => command<string[]>(["KEYS", pattern]),
  /** A key chosen at random. */
  randomkey: () => command<string | null>(["RANDOMKEY"]),
  /** Some keys, and where to go on: 0 at the end. */
  scan: (cursor: Arg, ...options: [ScanOptions?] | Arg[]) =>
    command<[string, string[]]>(["SCAN", cursor, ...tokens(options)]),
};
