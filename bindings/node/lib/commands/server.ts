// The connection and the server.

import { type Arg, command, type Key } from "../command.js";

/** Commands of the connection and the server. */
export const server = {
  /** CLIENT: `client("ID")`, `client("LIST")`, … */
  client: (subcommand: string, ...args: Arg[]) => command<unknown>(["CLIENT", subcommand, ...args]),
  /** COMMAND: `command("COUNT")`, `command("DOCS", "get")`, … */
  command: (...args: Arg[]) => command<unknown>(["COMMAND", ...args]),
  /** CONFIG: `config("GET", "maxmemory")`, `config("SET", "maxmemory", "1gb")`, … */
  config: (subcommand: string, ...args: Arg[]) => command<unknown>(["CONFIG", subcommand, ...args]),
  /** The number of keys in the database. */
  dbsize: () => command<number>(["DBSIZE"]),
  /** DEBUG. */
  debug: (subcommand: string, ...args: Arg[]) => command<unknown>(["DEBUG", subcommand, ...args]),
  /** Deletes every key of every database. */
  flushall: (mode?: "ASYNC" | "SYNC") => command<"OK">(mode === undefined ? ["FLUSHALL"] : ["FLUSHALL", mode]),
  /** Deletes every key of the database. */
  flushdb: (mode?: "ASYNC" | "SYNC") => command<"OK">(mode === undefined ? ["FLUSHDB"] : ["FLUSHDB", mode]),
  /** What the server tells about itself. */
  info: (...sections: string[]) => command<string>(["INFO", ...sections]),
  /** MEMORY: `memory("USAGE", key)`, … */
  memory: (subcommand: string, ...args: Arg[]) => command<unknown>(["MEMORY", subcommand, ...args]),
  /** OBJECT: `object("ENCODING", key)`, … */
  object: (subcommand: string, ...args: Arg[]) => command<unknown>(["OBJECT", subcommand, ...args]),
  /** Selects the database of this session. */
  select: (db: number) => command<"OK">(["SELECT", db]),
  /** The server's clock: Unix time in seconds, and microseconds. */
  time: () => command<[number, number]>(["TIME"], (reply: string[]) => [Number(reply[0]), Number(reply[1])]),
  /** Forgets the keys that are watched. */
  unwatch: () => command<"OK">(["UNWATCH"]),
  /** Watches keys: the next transaction gives null where one of them has changed. */
  watch: (...keys: Key[] | [readonly Key[]]) => command<"OK">(["WATCH", ...(keys.flat() as Key[])]),
};

/** Commands whose replies are values: each has a twin that gives Buffers. */
export const serverValues = {
  /** Gives its argument back. */
  echo: (message: Arg) => command<string>(["ECHO", message]),
  /** Gives `PONG`, or its argument. */
  ping: (...message: [] | [Arg]) => command<string>(["PING", ...(message as Arg[])]),
};
