// The connection and the server.

import { type Arg, type Builders, type Key, optionalVerbs, type Out, type Several, verb, verbs } from "../command.js";

/** Commands of the connection and the server. */
export interface ServerMethods<Form> {
  /** ACL: `acl("SETUSER", "ada", "on", ">secret", "~*", "+@all")`, `acl("LIST")`, … */
  acl(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Writes the append-only file anew, in the background. */
  bgrewriteaof(): Out<Form, string>;
  /** Writes a snapshot in the background. */
  bgsave(mode?: "SCHEDULE"): Out<Form, string>;
  /** CLIENT: `client("ID")`, `client("LIST")`, … */
  client(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** COMMAND: `command("COUNT")`, `command("DOCS", "get")`, … */
  command(...args: Arg[]): Out<Form, unknown>;
  /** CONFIG: `config("GET", "maxmemory")`, `config("SET", "maxmemory", "1gb")`, … */
  config(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** The number of keys in the database. */
  dbsize(): Out<Form, number>;
  /** DEBUG. */
  debug(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Deletes every key of every database. */
  flushall(mode?: "ASYNC" | "SYNC"): Out<Form, "OK">;
  /** Deletes every key of the database. */
  flushdb(mode?: "ASYNC" | "SYNC"): Out<Form, "OK">;
  /** What the server tells about itself. */
  info(...sections: string[]): Out<Form, string>;
  /** When the last snapshot was written: Unix time in seconds. */
  lastsave(): Out<Form, number>;
  /** LATENCY: `latency("LATEST")`, … */
  latency(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** The bytes that a key takes, with `"SAMPLES"` from so many of its elements (0: all). */
  memory(subcommand: "USAGE", key: Key): Out<Form, number | null>;
  memory(subcommand: "USAGE", key: Key, word: "SAMPLES", count: number): Out<Form, number | null>;
  /** MEMORY: `memory("STATS")`, … */
  memory(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Who it is in replication: primary, replica or sentinel, with what belongs to that. */
  role(): Out<Form, unknown[]>;
  /** Writes a snapshot, and gives `OK` when it is on disk. */
  save(): Out<Form, "OK">;
  /** Selects the database of this session. */
  select(db: number): Out<Form, "OK">;
  /** SLOWLOG: `slowlog("GET", 10)`, … */
  slowlog(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Exchanges two databases. */
  swapdb(first: number, second: number): Out<Form, "OK">;
  /** The server's clock: Unix time in seconds, and microseconds. */
  time(): Out<Form, [seconds: number, microseconds: number]>;
  /** Forgets the keys that are watched. */
  unwatch(): Out<Form, "OK">;
  /** Watches keys: the next transaction gives null where one of them has changed. */
  watch(...keys: Several<Key>): Out<Form, "OK">;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface ServerValues<Form> {
  /** Gives its argument back. */
  echo(message: Arg): Out<Form, string>;
  /** Gives `PONG`, or its argument. */
  ping(message?: Arg): Out<Form, string>;
}

/** @internal */
export const server: Builders<ServerMethods<unknown>> = {
  ...verbs("acl", "bgrewriteaof", "client", "command", "config", "dbsize", "debug", "info", "lastsave", "latency", "memory"),
  ...verbs("role", "save", "select", "slowlog", "swapdb", "unwatch", "watch"),
  ...optionalVerbs(0, "bgsave", "flushall", "flushdb"),
  time: verb("TIME", 0, (reply: string[]) => reply.map(Number)),
};

/** @internal */
export const serverValues: Builders<ServerValues<unknown>> = {
  ...verbs("echo"),
  ...optionalVerbs(0, "ping"),
};
