// Commands that wait until there is something for them.

import {
  append,
  type Arg,
  type Buffered,
  type Builder,
  type Builders,
  command,
  given,
  isPlain,
  type Key,
  type Named,
  type Numeric,
} from "../command.js";
import type { Side } from "./list.js";
import type { LMPopOptions, XReadGroupOptions, XReadOptions, ZMPopOptions } from "./options.js";
import type { Extreme, Scored } from "./sorted_set.js";
import { type GivenEntry, type StreamEntry, xread, xreadgroup } from "./stream.js";

/** What every wait takes. */
export interface WaitOptions {
  /** Ends the wait: it rejects with the signal's reason, and nothing was taken. */
  signal?: AbortSignal | undefined;
}

/** A promise of a result, with Buffers where the form says so. */
type Later<Form, T> = Promise<Form extends "text" ? T : Buffered<T>>;
/** Keys and seconds, the keys one after the other or as an array. */
type KeysUntil =
  | [...keys: Key[], timeoutSeconds: Numeric]
  | [...keys: Key[], timeoutSeconds: Numeric, options: WaitOptions]
  | [keys: readonly Key[], timeoutSeconds: Numeric, options?: WaitOptions];

/**
 * Commands that wait, each with a twin that gives Buffers. They take seconds, 0 for as long as it takes, and an
 * AbortSignal; where the time is over they give null.
 */
export interface BlockingMethods<Form> {
  /** As `lmove`, once there is an element. */
  blmove(
    source: Key,
    destination: Key,
    from: Side,
    to: Side,
    timeoutSeconds: Numeric,
    options?: WaitOptions,
  ): Later<Form, string | null>;
  /** As `lmpop`, once there is an element: `await blmpop(0, ["a", "b"], "LEFT", { count: 10, signal })`. */
  blmpop(
    timeoutSeconds: Numeric,
    keys: readonly Key[],
    from: Side,
    options?: LMPopOptions & WaitOptions,
  ): Later<Form, [key: string, elements: string[]] | null>;
  blmpop(timeoutSeconds: Numeric, count: number, ...args: Arg[]): Later<Form, [key: string, elements: string[]] | null>;
  /** Takes the first element off the first list that has one: `await blpop("jobs", 0)`. */
  blpop(...args: KeysUntil): Later<Form, [key: string, element: string] | null>;
  /** Takes the last element off the first list that has one. */
  brpop(...args: KeysUntil): Later<Form, [key: string, element: string] | null>;
  /** As `rpoplpush`, once there is an element. */
  brpoplpush(source: Key, destination: Key, timeoutSeconds: Numeric, options?: WaitOptions): Later<Form, string | null>;
  /** As `zmpop`, once there is a member: `await bzmpop(0, ["a", "b"], "MIN", { count: 10, signal })`. */
  bzmpop(
    timeoutSeconds: Numeric,
    keys: readonly Key[],
    from: Extreme,
    options?: ZMPopOptions & WaitOptions,
  ): Later<Form, [key: string, members: Scored[]] | null>;
  bzmpop(timeoutSeconds: Numeric, count: number, ...args: Arg[]): Later<Form, [key: string, members: Scored[]] | null>;
  /** Takes the member with the highest score out of the first sorted set that has one. */
  bzpopmax(...args: KeysUntil): Later<Form, [key: string, member: string, score: number] | null>;
  /** Takes the member with the lowest score out of the first sorted set that has one. */
  bzpopmin(...args: KeysUntil): Later<Form, [key: string, member: string, score: number] | null>;
}

/** Reads of streams that wait for entries, where `block` says how many milliseconds (0: for as long as it takes). */
export interface BlockingReads<Form> {
  /** As `xread` without `block`, once there is an entry: `await xread({ log: "$" }, { block: 0, signal })`. */
  xread(
    streams: Named<Arg>,
    options: XReadOptions & WaitOptions & { block: Numeric },
  ): Later<Form, Record<string, StreamEntry[]> | null>;
  xread(word: "BLOCK", ...args: Arg[]): Later<Form, Record<string, StreamEntry[]> | null>;
  xread(word: "COUNT", count: Numeric, next: "BLOCK", ...args: Arg[]): Later<Form, Record<string, StreamEntry[]> | null>;
  /** As `xreadgroup` without `block`, once there is an entry. */
  xreadgroup(
    group: Key,
    consumer: Key,
    streams: Named<Arg>,
    options: XReadGroupOptions & WaitOptions & { block: Numeric },
  ): Later<Form, Record<string, GivenEntry[]> | null>;
  xreadgroup(
    word: "GROUP",
    group: Key,
    consumer: Key,
    ...args: ["BLOCK", ...Arg[]] | ["COUNT", Numeric, "BLOCK", ...Arg[]]
  ): Later<Form, Record<string, GivenEntry[]> | null>;
}

/** A verb whose arguments go as they come. */
const waiting = (verb: string): Builder => (...args) => command(append([verb], verb, args));

/** A verb that takes seconds, and then keys which it is told the number of. */
const countedUntil = (verb: string): Builder => (timeout: Arg, ...args) => {
  const [keys, ...rest] = args;
  const counted = Array.isArray(keys) ? [keys.length, keys, ...rest] : args;
  return command(append([verb, timeout], verb.slice(1), counted));
};

/** @internal */
export const blocking: Builders<BlockingMethods<unknown>> = {
  blmove: waiting("BLMOVE"),
  blmpop: countedUntil("BLMPOP"),
  blpop: waiting("BLPOP"),
  brpop: waiting("BRPOP"),
  brpoplpush: waiting("BRPOPLPUSH"),
  bzmpop: countedUntil("BZMPOP"),
  bzpopmax: waiting("BZPOPMAX"),
  bzpopmin: waiting("BZPOPMIN"),
};

/** @internal */
export const blockingReads: Builders<BlockingReads<unknown>> = { xread, xreadgroup };

/** @internal Arguments without a wait's own options, and the signal that is among those. */
export function splitSignal(args: readonly unknown[]): [args: readonly unknown[], signal: AbortSignal | undefined] {
  const there = given(args);
  const last = there.at(-1);
  if (!isPlain(last) || last instanceof Map) {
    return [there, undefined];
  }
  const { signal, ...options } = last as Record<string, unknown>;
  const others = there.slice(0, -1);
  return [Object.keys(options).length > 0 ? [...others, options] : others, signal as AbortSignal | undefined];
}

const isWord = (word: string) => (arg: unknown): boolean => typeof arg === "string" && arg.toUpperCase() === word;

/** @internal True where arguments of XREAD or XREADGROUP ask to wait. */
export function hasBlock(args: readonly unknown[]): boolean {
  const last = given(args).at(-1);
  if (isPlain(last)) {
    return !(last instanceof Map) && args.filter(isPlain).length > 1 && (last as { block?: unknown }).block !== undefined;
  }
  return args.slice(0, args.findIndex(isWord("STREAMS"))).some(isWord("BLOCK"));
}
