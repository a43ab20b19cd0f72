// A command as a value: its arguments, and how its reply is read.

import { ORDER } from "./commands/options.js";

/** A key or a field. Strings are written as UTF-8. */
export type Key = string | Uint8Array;
/** An argument of a command. Numbers are written in decimal. */
export type Arg = Key | number | bigint;
/** A number, or its text: `"(1"` and `"-inf"` where a range may begin or end there. */
export type Numeric = number | bigint | string;
/** One after the other, or as one array. */
export type Several<T> = T[] | [readonly T[]];
/** Names with values, as an object or a Map. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<Key, T>;

/** A command and how its reply is read. */
export interface Command<T> {
  argv: readonly Arg[];
  /** Makes the result of the reply; without it the reply is the result. */
  decode?: ((reply: any) => T) | undefined;
}

/** A result with a Buffer wherever it has a string; a status stays what it is. */
export type Buffered<T> = T extends "OK" ? T : T extends string ? Buffer : T extends object ? { [K in keyof T]: Buffered<T[K]> } : T;

/**
 * What a method gives: its result (`"text"`), its result with Buffers for strings (`"buffer"`), or else the queue that
 * it puts a command in.
 */
export type Out<Form, T> = Form extends "text" ? T : Form extends "buffer" ? Buffered<T> : Form;

/** The same methods under the names of those that give Buffers. */
export type WithBuffers<Methods> = { [Name in keyof Methods & string as `${Name}Buffer`]: Methods[Name] };

/** @internal Makes the command of a method's arguments. */
export type Builder = (...args: any[]) => Command<unknown>;
/** @internal A builder for each method. */
export type Builders<Methods> = { readonly [Name in keyof Methods]: Builder };

/** @internal */
export function command<T>(argv: readonly Arg[], decode?: (reply: any) => T): Command<T> {
  return { argv, decode };
}

/** @internal True for an object that is neither an array nor bytes. */
export function isPlain(arg: unknown): arg is Record<string, unknown> | ReadonlyMap<Key, unknown> {
  return typeof arg === "object" && arg !== null && !ArrayBuffer.isView(arg) && !Array.isArray(arg);
}

/** An option: its name, its word on the wire, and whether the word is there again for each of several values. */
interface Option {
  name: string;
  word: string;
  repeats: boolean;
}

/** The options of each verb in the order of its grammar. */
const OPTIONS = new Map(Object.entries(ORDER).map(([verb, names]) => [verb, names.map(optionOf)]));

function optionOf(entry: string): Option {
  const name = entry.replace("+", "");
  return { name, word: name.toUpperCase(), repeats: name !== entry };
}

/**
 * @internal Appends arguments as they come: arrays are spread, and an object at the end is options, which are put in
 * the order of the verb's grammar.
 */
export function append(argv: Arg[], verb: string, args: readonly unknown[]): Arg[] {
  return appendTo(argv, OPTIONS.get(verb), args);
}

function appendTo(argv: Arg[], options: readonly Option[] | undefined, args: readonly unknown[]): Arg[] {
  const last = args[args.length - 1];
  if (options === undefined || !isPlain(last)) {
    spread(argv, args, args.length);
  } else {
    spread(argv, args, args.length - 1);
    appendOptions(argv, options, last as Record<string, unknown>);
  }
  return argv;
}

function spread(argv: Arg[], args: readonly unknown[], length: number): void {
  for (let at = 0; at < length; at++) {
    const arg = args[at];
    if (Array.isArray(arg)) {
      spread(argv, arg, arg.length);
    } else {
      // What is no argument is refused by the native module, which names what it takes.
      argv.push(arg as Arg);
    }
  }
}

function appendOptions(argv: Arg[], options: readonly Option[], given: Record<string, unknown>): void {
  let known = 0;
  for (const { name, word, repeats } of options) {
    const value = given[name];
    if (value === undefined) {
      continue;
    }
    known++;
    if (repeats && Array.isArray(value)) {
      value.forEach((item) => appendOption(argv, word, item));
    } else {
      appendOption(argv, word, value);
    }
  }
  const names = Object.keys(given);
  if (names.length > known) {
    // A word that the verb does not have is the engine's to refuse.
    const others = names.filter((name) => !options.some((option) => option.name === name));
    others.forEach((name) => appendOption(argv, name.toUpperCase(), given[name]));
  }
}

function appendOption(argv: Arg[], word: string, value: unknown): void {
  if (value === undefined || value === false) {
    return;
  }
  argv.push(word);
  if (value !== true) {
    spread(argv, [value], 1);
  }
}

/** @internal Arguments without those at the end that were left out. */
export function given(args: readonly unknown[]): readonly unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) {
    length--;
  }
  return args.slice(0, length);
}

/** True for what is one argument as it is. */
const isScalar = (arg: unknown): arg is string | number => typeof arg === "string" || typeof arg === "number";

/** @internal A verb whose arguments go as they come; those behind the first `required` may be left out. */
export function verb(name: string, required = Infinity, decode?: (reply: any) => unknown): Builder {
  const options = OPTIONS.get(name);
  const build = (args: readonly unknown[]): Command<unknown> => {
    const there = args.length > required ? [...args.slice(0, required), ...given(args.slice(required))] : args;
    return { argv: appendTo([name], options, there), decode };
  };
  // Most calls have few arguments and nothing to spread: a list of all is made for others only.
  return function (a?: unknown, b?: unknown, c?: unknown): Command<unknown> {
    const count = arguments.length;
    if (count === 1 && isScalar(a)) {
      return { argv: [name, a], decode };
    }
    if (count === 2 && isScalar(a) && isScalar(b)) {
      return { argv: [name, a, b], decode };
    }
    if (count === 3 && isScalar(a) && isScalar(b) && isScalar(c)) {
      return { argv: [name, a, b, c], decode };
    }
    return build([...arguments]);
  };
}

/** @internal Verbs whose arguments go as they come, by the names of their methods. */
export function verbs<Name extends string>(...names: Name[]): Record<Name, Builder> {
  return Object.fromEntries(names.map((name) => [name, verb(name.toUpperCase())])) as Record<Name, Builder>;
}

/** @internal As {@link verbs}; arguments behind the first `required` may be left out. */
export function optionalVerbs<Name extends string>(required: number, ...names: Name[]): Record<Name, Builder> {
  return Object.fromEntries(names.map((name) => [name, verb(name.toUpperCase(), required)])) as Record<Name, Builder>;
}

/**
 * @internal A verb that is told how many keys it gets: an array of them at place `at` is counted. Without an array the
 * count is among the arguments.
 */
export function counted(name: string, at = 0, decode?: (reply: any) => unknown): Builder {
  return (...args) => {
    const list = args[at] as unknown;
    const there = given(args);
    const whole = Array.isArray(list) ? [...there.slice(0, at), list.length, list, ...there.slice(at + 1)] : there;
    return command(append([name], name, whole), decode);
  };
}

/** Names and values, as an object, a Map, or one after the other. */
export type Pairs = [Named<Arg>] | Arg[];

/** @internal The names and values of an object or a Map. */
export function entriesOf<T>(named: Named<T>): [Key, T][] {
  return named instanceof Map ? [...(named as ReadonlyMap<Key, T>)] : Object.entries(named as Record<string, T>);
}

/** @internal */
export function flatten(pairs: Pairs): Arg[] {
  const [first] = pairs;
  return isPlain(first) ? (entriesOf(first as Named<Arg>).flat() as Arg[]) : (pairs as Arg[]);
}

/** Fields as an array with a condition or options behind it, or as Redis writes them: `"FIELDS", 1, "name"`. */
export type Fields<Option = string> = [fields: readonly Key[], option?: Option] | Arg[];

/** @internal An array behind `word` and its length, with what stands behind it put in front. */
export function fieldList(verb: string, rest: Fields<unknown>, word = "FIELDS"): Arg[] {
  const [fields, ...options] = rest;
  if (!Array.isArray(fields)) {
    return rest as Arg[];
  }
  return [...append([], verb, given(options)), word, fields.length, ...(fields as Key[])];
}
