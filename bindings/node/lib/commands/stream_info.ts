// What XINFO tells.

import { append, type Builder, command, given, type Key, type Out } from "../command.js";
import type { StreamEntry } from "./stream.js";

/** What XINFO STREAM tells. */
export type StreamFacts = {
  length: number;
  "radix-tree-keys": number;
  "radix-tree-nodes": number;
  "last-generated-id": string;
  "max-deleted-entry-id": string;
  "entries-added": number;
  "recorded-first-entry-id": string;
  groups: number;
  "first-entry": StreamEntry | null;
  "last-entry": StreamEntry | null;
};

/** What XINFO STREAM FULL tells. Times are Unix times in milliseconds. */
export type StreamFullFacts = Omit<StreamFacts, "groups" | "first-entry" | "last-entry"> & {
  entries: StreamEntry[];
  groups: {
    name: string;
    "last-delivered-id": string;
    "entries-read": number | null;
    lag: number | null;
    "pel-count": number;
    pending: [id: string, consumer: string, deliveredAt: number, deliveries: number][];
    consumers: {
      name: string;
      "seen-time": number;
      "active-time": number;
      "pel-count": number;
      pending: [id: string, deliveredAt: number, deliveries: number][];
    }[];
  }[];
};

/** What XINFO GROUPS tells of each group. */
export type GroupFacts = {
  name: string;
  consumers: number;
  pending: number;
  "last-delivered-id": string;
  "entries-read": number | null;
  lag: number | null;
};

/** What XINFO CONSUMERS tells of each consumer. Times are milliseconds; `inactive` is -1 for one that got nothing yet. */
export type ConsumerFacts = { name: string; pending: number; idle: number; inactive: number };

/** XINFO by its subcommands. */
export interface StreamInfo<Form> {
  /** What there is to know of a stream. */
  xinfo(subcommand: "STREAM", key: Key): Out<Form, StreamFacts>;
  /** All there is to know of a stream, with `count` entries of each list (0: all). */
  xinfo(subcommand: "STREAM", key: Key, full: "FULL"): Out<Form, StreamFullFacts>;
  xinfo(subcommand: "STREAM", key: Key, full: "FULL", word: "COUNT", count: number): Out<Form, StreamFullFacts>;
  /** The groups of a stream. */
  xinfo(subcommand: "GROUPS", key: Key): Out<Form, GroupFacts[]>;
  /** The consumers of a group. */
  xinfo(subcommand: "CONSUMERS", key: Key, group: Key): Out<Form, ConsumerFacts[]>;
  xinfo(subcommand: "HELP"): Out<Form, string[]>;
}

/** @internal XINFO, where `entry` reads an entry. */
export function info(entry: (reply: unknown) => unknown): Builder {
  const facts = (reply: Record<string, unknown>): unknown => {
    for (const name of ["first-entry", "last-entry"].filter((name) => name in reply)) {
      reply[name] = entry(reply[name]);
    }
    if (Array.isArray(reply["entries"])) {
      reply["entries"] = reply["entries"].map(entry);
    }
    return reply;
  };
  return (subcommand: string, ...args) => {
    const argv = append(["XINFO", subcommand], "XINFO", given(args));
    return command(argv, subcommand.toUpperCase() === "STREAM" ? facts : undefined);
  };
}
