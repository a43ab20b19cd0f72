// Options have the names and values of redis.conf.

/** The value of an option. Booleans are `yes` and `no`; arrays are words with spaces between them. */
export type OptionValue = string | number | bigint | boolean | readonly (string | number)[] | undefined;

/**
 * Options of a runtime, by their names in redis.conf (`"maxmemory-policy"`) or in camel case (`maxmemoryPolicy`).
 * Those that are listed here are the ones most programs set; every other takes the same form.
 */
export interface RuntimeOptions {
  /** The TCP port; 0 lets the system choose, and without it none is opened. */
  port?: number | string;
  /** Addresses to listen on. */
  bind?: string | readonly string[];
  /** The path of a Unix socket to listen on. */
  unixsocket?: string;
  /** The number of shards: one per core where it is not given. */
  shards?: number | string;
  /** The number of databases. */
  databases?: number | string;
  /** The most memory that keys may take, such as `"1gb"`. */
  maxmemory?: number | string;
  /** Which keys go when memory is used up. */
  maxmemoryPolicy?: string;
  /** The password that connections must give. In-process sessions need none. */
  requirepass?: string;
  [name: string]: OptionValue;
}

/** @internal Names and values as redis.conf has them. */
export function pairs(options: Record<string, OptionValue>): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) {
      list.push([name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), text(value)]);
    }
  }
  return list;
}

function text(value: Exclude<OptionValue, undefined>): string {
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  return typeof value === "object" ? value.join(" ") : String(value);
}

/** @internal Prefixes of keys as they were given: a string would be taken for its letters. */
export function prefixList(prefixes: readonly string[]): readonly string[] {
  if (!Array.isArray(prefixes)) throw new TypeError("prefixes must be an array of strings");
  return prefixes;
}
