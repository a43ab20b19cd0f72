// What sessions and bare keyspaces have in common: running commands, at once, in batches and as transactions.

import { append, type Arg, flatten, given, type Key, type Pairs, type Several } from "./command.js";
import { addMethods, type CommandMethods, TEXT, VALUES } from "./commands/index.js";
import type { HScanOptions, ScanOptions, SetOptions, SScanOptions, ZScanOptions } from "./commands/options.js";
import type { Scored } from "./commands/sorted_set.js";
import type { NativeCall, NativeSession } from "./native.js";
import { Pipeline } from "./pipeline.js";
import { ready, take } from "./pool.js";

/** Methods that are written out below because they are called most. */
type Hot = "get" | "getBuffer" | "set" | "del" | "exists" | "incr" | "incrby" | "hget" | "hgetBuffer" | "hset";

/**
 * Runs commands in this process, on the calling thread.
 *
 * Results: strings for strings (`get`), Buffers from the methods that end in `Buffer`; numbers for integers, BigInts
 * where a number would not be exact; null for nothing; objects for maps. An error reply is thrown as a
 * {@link ReplyError}; within the result of a batch or of an array it is an element.
 */
export interface Executor extends Omit<CommandMethods, Hot> {}

export abstract class Executor {
  readonly #native: NativeSession;
  readonly #get: NativeSession["get"];
  readonly #getBuffer: NativeSession["getBuffer"];
  readonly #set: NativeSession["set"];
  readonly #call: NativeCall;
  readonly #del: NativeCall;
  readonly #exists: NativeCall;
  readonly #incr: NativeCall;
  readonly #incrby: NativeCall;
  readonly #hget: NativeCall;
  readonly #hgetBuffer: NativeCall;
  readonly #hset: NativeCall;

  /** @internal */
  constructor(native: NativeSession) {
    this.#native = native;
    this.#get = native.get;
    this.#getBuffer = native.getBuffer;
    this.#set = native.set;
    this.#call = native.call;
    this.#del = native.bind("DEL", TEXT);
    this.#exists = native.bind("EXISTS", TEXT);
    this.#incr = native.bind("INCR", TEXT);
    this.#incrby = native.bind("INCRBY", TEXT);
    this.#hget = native.bind("HGET", TEXT);
    this.#hgetBuffer = native.bind("HGET", VALUES);
    this.#hset = native.bind("HSET", TEXT);
  }

  /** The value of a key. Bytes that are not UTF-8 become U+FFFD: use {@link getBuffer} for them. */
  get(key: Key): string | null {
    return this.#get(key);
  }

  /** The value of a key as a Buffer of its own: it never changes when the key does. */
  getBuffer(key: Key): Buffer | null {
    ready();
    const value = this.#getBuffer(key);
    return value === undefined ? take() : value;
  }

  /**
   * Copies the value of a key into `target`, as much of it as fits, and gives the length of the value: more than
   * `target.length` where it did not fit, -1 where there is no such key.
   */
  getInto(key: Key, target: Uint8Array): number {
    return this.#native.getInto(key, target);
  }

  /** Sets a key, and drops its expiry. */
  set(key: Key, value: Arg): "OK";
  /**
   * Sets a key: `set(key, value, { ex: 60, nx: true })` or `set(key, value, "EX", 60, "NX")`. Null where a condition
   * was not met; with `get` the value before.
   */
  set(key: Key, value: Arg, options: SetOptions & { get: true }): string | null;
  set(key: Key, value: Arg, options?: SetOptions & { get?: false | undefined }): "OK" | null;
  set(key: Key, value: Arg, ...options: [SetOptions] | Arg[]): string | null;
  set(key: Key, value: Arg, ...options: (SetOptions | Arg | undefined)[]): string | null {
    if (options.length > 0) {
      return this.#call(...append(["SET", key, value], "SET", given(options))) as string | null;
    }
    this.#set(key, value);
    return "OK";
  }

  /** Deletes keys and gives how many there were. */
  del(...keys: Several<Key>): number {
    return this.#del(...(Array.isArray(keys[0]) ? (keys[0] as Key[]) : keys)) as number;
  }

  /** How many of the keys exist. */
  exists(...keys: Several<Key>): number {
    return this.#exists(...(Array.isArray(keys[0]) ? (keys[0] as Key[]) : keys)) as number;
  }

  /** Adds 1 to a number. */
  incr(key: Key): number {
    return this.#incr(key) as number;
  }

  /** Adds an amount to a number. */
  incrby(key: Key, increment: number | bigint): number {
    return this.#incrby(key, increment) as number;
  }

  /** The value of a field. */
  hget(key: Key, field: Key): string | null {
    return this.#hget(key, field) as string | null;
  }

  /** The value of a field as a Buffer. */
  hgetBuffer(key: Key, field: Key): Buffer | null {
    return pooled(this.#hgetBuffer, [key, field]) as Buffer | null;
  }

  /** Sets fields and gives how many are new: an object, a Map, or fields and values one after the other. */
  hset(key: Key, ...pairs: Pairs): number {
    return this.#hset(key, ...flatten(pairs)) as number;
  }

  /** Runs any command. A map becomes an object, an array or set an array. */
  call(verb: string, ...args: Arg[]): unknown {
    return this.#call(verb, ...args);
  }

  /** Runs any command. Strings become Buffers, and a map a `Map` whose keys are Buffers too. */
  callBuffer(verb: string, ...args: Arg[]): unknown {
    return pooled(this.#native.callBuffer, [verb, ...args]);
  }

  /**
   * Applies the command of a primary's frame to database `db`: limits on memory do not hold it up, and it is not
   * replicated again.
   */
  apply(db: number, argv: readonly Arg[]): unknown {
    return this.#native.apply(db, ...argv);
  }

  /** Gathers commands that run one after the other in one call; their results come as an array. */
  pipeline(): Pipeline {
    return new Pipeline(this.#native.batch);
  }

  /** Gathers commands that run at once or not at all. `exec` gives null where a watched key has changed. */
  multi(): Pipeline<unknown[] | null> {
    return new Pipeline<unknown[] | null>(this.#native.transaction);
  }

  /** Goes through all keys, each at least once if it is there all the time. */
  *scanIterator(options: ScanOptions = {}): Generator<string, void, undefined> {
    yield* walk((cursor) => this.scan(cursor, options));
  }

  /** Goes through all fields of a hash with their values. */
  *hscanIterator(key: Key, options: Omit<HScanOptions, "novalues"> = {}): Generator<[string, string], void, undefined> {
    yield* pairs(walk((cursor) => this.hscan(key, cursor, options)));
  }

  /** Goes through all members of a set. */
  *sscanIterator(key: Key, options: SScanOptions = {}): Generator<string, void, undefined> {
    yield* walk((cursor) => this.sscan(key, cursor, options));
  }

  /** Goes through all members of a sorted set with their scores. */
  *zscanIterator(key: Key, options: ZScanOptions = {}): Generator<Scored, void, undefined> {
    for (const [member, score] of pairs(walk((cursor) => this.zscan(key, cursor, options)))) {
      yield [member, score === "inf" ? Infinity : score === "-inf" ? -Infinity : Number(score)];
    }
  }

  /** Lets go of everything. Later calls throw a {@link ClosedError}; closing again does nothing. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  static {
    addMethods(this.prototype, function (command, mode) {
      const native = this.#native;
      const argv = command.argv as unknown[];
      const reply = mode === TEXT ? native.call(...argv) : pooled(native.callValues, argv);
      return command.decode === undefined ? reply : command.decode(reply);
    });
  }
}

/** Calls a function that may leave its Buffer in the pool. */
function pooled(call: NativeCall, args: unknown[]): unknown {
  ready();
  const reply = call(...args);
  return reply === undefined ? take() : reply;
}

/** What every step of a walk gives. */
function* walk(step: (cursor: string) => [cursor: string, items: string[]]): Generator<string, void, undefined> {
  let cursor = "0";
  do {
    const [next, items] = step(cursor);
    yield* items;
    cursor = next;
  } while (cursor !== "0");
}

/** Two and two. */
function* pairs(items: Iterable<string>): Generator<[string, string], void, undefined> {
  let first: string | undefined;
  for (const item of items) {
    if (first === undefined) {
      first = item;
    } else {
      yield [first, item];
      first = undefined;
    }
  }
}
