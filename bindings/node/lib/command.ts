// A command as a value: its arguments, and how its reply is read.

/** A key or a field. Strings are written as UTF-8. */
export type Key = string | Uint8Array;
/** An argument of a command. Numbers are written in decimal. */
export type Arg = Key | number | bigint;

/** A command and how its reply is read. */
export interface Command<T> {
  argv: readonly Arg[];
  /** Makes the result of the reply; without it the reply is the result. */
  decode?: ((reply: any) => T) | undefined;
}

/** A result with a Buffer wherever it has a string. */
export type Buffered<T> = T extends string
  ? Buffer
  : T extends [infer First, infer Second]
    ? [Buffered<First>, Buffered<Second>]
    : T extends readonly (infer Item)[]
      ? Buffered<Item>[]
      : T extends Record<string, infer Value>
        ? Record<string, Buffered<Value>>
        : T;

/** @internal */
export function command<T>(argv: readonly Arg[], decode?: (reply: any) => T): Command<T> {
  return { argv, decode };
}

/** Options of a command as an object: `{ ex: 60, nx: true }` is `EX 60 NX`. */
export type Tokens<Name extends string, Flag extends string> = { [K in Name]?: Arg } & { [K in Flag]?: boolean };

/** @internal An object of options, or the options as arguments, as arguments. */
export function tokens(rest: readonly unknown[]): Arg[] {
  const [first] = rest;
  if (typeof first !== "object" || first === null || ArrayBuffer.isView(first)) {
    return rest.filter((arg) => arg !== undefined) as Arg[];
  }
  const argv: Arg[] = [];
  for (const [name, value] of Object.entries(first as Record<string, Arg | boolean | undefined>)) {
    if (value === true) {
      argv.push(name.toUpperCase());
    } else if (value !== false && value !== undefined) {
      argv.push(name.toUpperCase(), value);
    }
  }
  return argv;
}

/** Names and values, as an object, a Map, or one after the other. */
export type Pairs = [Record<string, Arg> | ReadonlyMap<Key, Arg>] | Arg[];

/** @internal */
export function flatten(pairs: Pairs): Arg[] {
  const [first] = pairs;
  if (typeof first !== "object" || ArrayBuffer.isView(first)) {
    return pairs as Arg[];
  }
  const entries = first instanceof Map ? first.entries() : Object.entries(first as Record<string, Arg>);
  return Array.from(entries as Iterable<[Arg, Arg]>).flat();
}

/** Fields as an array with a condition or options behind it, or as Redis writes them: `"FIELDS", 1, "name"`. */
export type Fields<Option = string> = [fields: readonly Key[], option?: Option] | Arg[];

/** @internal */
export function fieldList(rest: Fields<unknown>): Arg[] {
  const [fields, ...options] = rest;
  if (!Array.isArray(fields)) {
    return rest as Arg[];
  }
  return [...tokens(options), "FIELDS", fields.length, ...(fields as Key[])];
}
