// Streams and their consumer groups.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  entriesOf,
  fieldList,
  given,
  isPlain,
  type Key,
  type Named,
  type Numeric,
  type Out,
  type Several,
  verb,
  verbs,
} from "../command.js";
import type {
  XAddOptions,
  XAutoClaimOptions,
  XClaimOptions,
  XGroupCreateOptions,
  XGroupSetIdOptions,
  XRangeOptions,
  XReadGroupOptions,
  XReadOptions,
  XRevRangeOptions,
  XSetIdOptions,
  XTrimOptions,
} from "./options.js";
import { info, type StreamInfo } from "./stream_info.js";

/** An entry with its fields. Where a field is there more than once, its last value; `call` gives them all. */
export type StreamEntry = [id: string, fields: Record<string, string>];
/** An entry that a consumer was given; its fields are null where the entry is gone from the stream. */
export type GivenEntry = [id: string, fields: Record<string, string> | null];
/** What a group has given and not got acknowledged: how many, the least and greatest id, and how many each consumer. */
export type PendingSummary = [
  count: number,
  least: string | null,
  greatest: string | null,
  consumers: [consumer: string, count: number][],
];
/** An entry that was given and not acknowledged, how long ago, and how often. */
export type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];
/** What can be asked for without a wait. */
type Now<Options> = Omit<Options, "block">;

/** Ids as an array, perhaps with what becomes of the references of groups, or as Redis writes them: `"IDS", 1, "1-0"`. */
export type Ids = [ids: readonly Arg[], references?: "KEEPREF" | "DELREF" | "ACKED"] | Arg[];

/** Commands whose replies are numbers and states. */
export interface StreamMethods<Form> {
  /** Acknowledges entries for a group and gives how many were pending. */
  xack(key: Key, group: Key, ...ids: Several<Arg>): Out<Form, number>;
  /** Deletes entries and gives how many there were. */
  xdel(key: Key, ...ids: Several<Arg>): Out<Form, number>;
  /** Makes a group that begins behind an id; `"$"` stands for the last one. */
  xgroup(
    subcommand: "CREATE",
    key: Key,
    group: Key,
    id: Arg,
    ...options: [XGroupCreateOptions?] | Arg[]
  ): Out<Form, "OK">;
  /** Makes a consumer: 1 if it is new. */
  xgroup(subcommand: "CREATECONSUMER", key: Key, group: Key, consumer: Key): Out<Form, number>;
  /** Deletes a consumer and gives how many entries it had not acknowledged. */
  xgroup(subcommand: "DELCONSUMER", key: Key, group: Key, consumer: Key): Out<Form, number>;
  /** Deletes a group: 1 if there was one. */
  xgroup(subcommand: "DESTROY", key: Key, group: Key): Out<Form, number>;
  /** Lets a group go on behind another id. */
  xgroup(
    subcommand: "SETID",
    key: Key,
    group: Key,
    id: Arg,
    ...options: [XGroupSetIdOptions?] | Arg[]
  ): Out<Form, "OK">;
  xgroup(subcommand: "HELP"): Out<Form, string[]>;
  /**
   * Acknowledges entries and deletes them as `xdelex` does. For each id: 1 if the entry is gone, 2 if another group still
   * needs it, -1 if it was not pending.
   */
  xackdel(key: Key, group: Key, ...ids: Ids): Out<Form, number[]>;
  /**
   * Deletes entries, with the references of groups (`"DELREF"`) or only where no group needs them (`"ACKED"`):
   * `xdelex("log", ["1-0"], "ACKED")`. For each id: 1 if it is deleted, 2 if a group still needs it, -1 if there is none.
   */
  xdelex(key: Key, ...ids: Ids): Out<Form, number[]>;
  /** The number of entries. */
  xlen(key: Key): Out<Form, number>;
  /** Sets the id that the next entry must be behind. */
  xsetid(key: Key, lastId: Arg, ...options: [XSetIdOptions?] | Arg[]): Out<Form, "OK">;
  /** Deletes the oldest entries and gives how many: `xtrim("log", { maxlen: ["~", 1000] })`. */
  xtrim(key: Key, ...options: [XTrimOptions] | Arg[]): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface StreamValues<Form> extends StreamInfo<Form> {
  /**
   * Adds an entry and gives its id, which `"*"` lets the engine choose:
   * `xadd("log", "*", { level: "info" }, { maxlen: ["~", 1000] })`.
   */
  xadd(key: Key, id: Arg, fields: Named<Arg>, options?: XAddOptions & { nomkstream?: false | undefined }): Out<Form, string>;
  xadd(key: Key, ...args: [id: Arg, fields: Named<Arg>, options: XAddOptions] | Arg[]): Out<Form, string | null>;
  /**
   * Gives a consumer entries that others have held for `minIdleMs` without acknowledging them; with `justid` it gives
   * their ids alone. Also where to go on, and the ids of entries that are gone from the stream.
   */
  xautoclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    start: Arg,
    options: (XAutoClaimOptions & { justid: true }) | "JUSTID",
  ): Out<Form, [next: string, ids: string[], deleted: string[]]>;
  xautoclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    start: Arg,
    options?: XAutoClaimOptions & { justid?: false | undefined },
  ): Out<Form, [next: string, entries: StreamEntry[], deleted: string[]]>;
  xautoclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    start: Arg,
    ...options: [XAutoClaimOptions] | Arg[]
  ): Out<Form, [next: string, entries: StreamEntry[] | string[], deleted: string[]]>;
  /** Gives a consumer these entries, where they have been held for `minIdleMs`; with `justid` it gives their ids alone. */
  xclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    ids: Arg | readonly Arg[],
    options: XClaimOptions & { justid: true },
  ): Out<Form, string[]>;
  xclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    ids: Arg | readonly Arg[],
    options?: XClaimOptions & { justid?: false | undefined },
  ): Out<Form, StreamEntry[]>;
  xclaim(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleMs: Numeric,
    ...args: [ids: Arg | readonly Arg[], options: XClaimOptions] | Arg[]
  ): Out<Form, StreamEntry[] | string[]>;
  /** What a group has given and not got acknowledged: in short, or with a range and a count entry by entry. */
  xpending(key: Key, group: Key): Out<Form, PendingSummary>;
  xpending(key: Key, group: Key, start: Arg, end: Arg, count: number, consumer?: Key): Out<Form, PendingEntry[]>;
  xpending(
    key: Key,
    group: Key,
    idle: "IDLE",
    minIdleMs: Numeric,
    start: Arg,
    end: Arg,
    count: number,
    consumer?: Key,
  ): Out<Form, PendingEntry[]>;
  /** The entries from one id to another; `"-"` is the first, `"+"` the last, `"("` in front leaves an id out. */
  xrange(key: Key, start: Arg, end: Arg, ...options: [XRangeOptions?] | Arg[]): Out<Form, StreamEntry[]>;
  /**
   * The entries of streams behind an id of each: `xread({ log: "0" }, { count: 10 })`, or null where there are none.
   * Of a runtime's session `block` waits for some.
   */
  xread(streams: Named<Arg>, options?: Now<XReadOptions>): Out<Form, Record<string, StreamEntry[]> | null>;
  xread(...args: Arg[]): Out<Form, Record<string, StreamEntry[]> | null>;
  /**
   * Gives a consumer of a group entries: `xreadgroup("group", "me", { log: ">" })` those that nobody was given yet, and
   * with an id in place of `">"` those it holds already.
   */
  xreadgroup(
    group: Key,
    consumer: Key,
    streams: Named<Arg>,
    options?: Now<XReadGroupOptions>,
  ): Out<Form, Record<string, GivenEntry[]> | null>;
  xreadgroup(word: "GROUP", ...args: Arg[]): Out<Form, Record<string, GivenEntry[]> | null>;
  /** As `xrange`, the last entry first. */
  xrevrange(key: Key, end: Arg, start: Arg, ...options: [XRevRangeOptions?] | Arg[]): Out<Form, StreamEntry[]>;
}

/** The fields of an entry stand one after the other on the wire. An id that stands alone stays as it is. */
function entry(reply: unknown): unknown {
  if (!Array.isArray(reply)) {
    return reply;
  }
  const [id, flat] = reply as [unknown, unknown[] | null];
  if (flat === null) {
    return [id, null];
  }
  const pairs: [string, unknown][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    pairs.push([String(flat[at]), flat[at + 1]]);
  }
  return [id, Object.fromEntries(pairs)];
}

/** @internal */
export const entries = (reply: unknown[]): unknown[] => reply.map(entry);

/** @internal Streams with their entries. */
export function byStream(reply: Record<string, unknown[]> | null): unknown {
  return reply && Object.fromEntries(Object.entries(reply).map(([name, list]) => [name, entries(list)]));
}

/** All names stand before all ids on the wire. */
function streamList(streams: Named<Arg>): Arg[] {
  const pairs = entriesOf(streams);
  return ["STREAMS", ...pairs.map(([name]) => name), ...pairs.map(([, id]) => id)];
}

/** @internal */
export const xread: Builder = (...args: unknown[]) => {
  const [streams, ...options] = args;
  if (!isPlain(streams)) {
    return command(append(["XREAD"], "XREAD", args), byStream);
  }
  const argv = append(["XREAD"], "XREAD", given(options));
  return command([...argv, ...streamList(streams as Named<Arg>)], byStream);
};

/** @internal */
export const xreadgroup: Builder = (...args: unknown[]) => {
  const [group, consumer, streams, ...options] = args;
  if (!isPlain(streams)) {
    return command(append(["XREADGROUP"], "XREADGROUP", args), byStream);
  }
  const argv = append(["XREADGROUP", "GROUP", group as Key, consumer as Key], "XREADGROUP", given(options));
  return command([...argv, ...streamList(streams as Named<Arg>)], byStream);
};

const idList = (verb: string, count: number): Builder => {
  return (...args) => command([verb, ...args.slice(0, count), ...fieldList(verb, args.slice(count), "IDS")]);
};

const xadd: Builder = (key: Key, ...args: unknown[]) => {
  const [id, fields, ...options] = args;
  if (!isPlain(fields)) {
    return command(append(["XADD", key], "XADD", args));
  }
  return command([...append(["XADD", key], "XADD", given(options)), id as Arg, ...entriesOf(fields as Named<Arg>).flat()]);
};

const xgroup: Builder = (subcommand: string, ...args: unknown[]) => {
  const verb = `XGROUP ${subcommand.toUpperCase()}`;
  return command(append(["XGROUP", subcommand], verb, given(args)));
};

const pendingSummary = verb("XPENDING", 2, ([count, least, greatest, consumers]) => [
  count,
  least,
  greatest,
  ((consumers ?? []) as [unknown, unknown][]).map(([consumer, held]) => [consumer, Number(String(held))]),
]);
const pendingEntries = verb("XPENDING", 5);

/** @internal */
export const streams: Builders<StreamMethods<unknown>> = {
  ...verbs("xack", "xdel", "xlen", "xtrim"),
  xackdel: idList("XACKDEL", 2),
  xdelex: idList("XDELEX", 1),
  xgroup,
  xsetid: verb("XSETID", 2),
};

/** @internal */
export const streamValues: Builders<StreamValues<unknown>> = {
  xadd,
  xautoclaim: verb("XAUTOCLAIM", 5, ([next, list, deleted]) => [next, entries(list), deleted]),
  xclaim: verb("XCLAIM", 5, entries),
  xinfo: info(entry),
  xpending: (...args) => (given(args).length > 2 ? pendingEntries(...args) : pendingSummary(...args)),
  xrange: verb("XRANGE", 3, entries),
  xread,
  xreadgroup,
  xrevrange: verb("XREVRANGE", 3, entries),
};
