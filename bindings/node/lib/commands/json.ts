// JSON documents.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  given,
  isPlain,
  type Key,
  type Out,
  verb,
  type WithBuffers,
} from "../command.js";
import type { JsonGetOptions, JsonSetOptions } from "./options.js";

/** What a document is made of. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** A value to store: what `JSON.stringify` takes, or bytes that are JSON text already. */
export type JsonValue = {} | null;

/**
 * One result for each place that a path leads to, as paths that begin with `$` do (JSONPath); a path of the older form
 * (`.name`) leads to one place.
 */
export type AtEach<Path, T> = Path extends `$${string}` ? T[] : string extends Path ? T | T[] : T;

/** Commands whose replies are numbers and states. Without a path they mean the whole document. */
export interface JsonMethods<Form> {
  /** Appends to arrays and gives their lengths, null for what is no array. */
  arrappend<Path extends string>(key: Key, path: Path, ...values: JsonValue[]): Out<Form, AtEach<Path, number | null>>;
  /** Where a value first stands in arrays: -1 for nowhere, null for what is no array. */
  arrindex<Path extends string>(
    key: Key,
    path: Path,
    value: JsonValue,
    start?: number,
    stop?: number,
  ): Out<Form, AtEach<Path, number | null>>;
  /** Inserts values into arrays before an index and gives their lengths. */
  arrinsert<Path extends string>(
    key: Key,
    path: Path,
    index: number,
    ...values: JsonValue[]
  ): Out<Form, AtEach<Path, number | null>>;
  /** The lengths of arrays. */
  arrlen<Path extends string = ".">(key: Key, path?: Path): Out<Form, AtEach<Path, number | null>>;
  /** Keeps a part of arrays, both ends of which belong to it, and gives their lengths. */
  arrtrim<Path extends string>(key: Key, path: Path, start: number, stop: number): Out<Form, AtEach<Path, number | null>>;
  /** Empties arrays and objects, sets numbers to 0, and gives how many values changed. */
  clear(key: Key, path?: string): Out<Form, number>;
  /** The bytes that values take. */
  debug<Path extends string = ".">(subcommand: "MEMORY", key: Key, path?: Path): Out<Form, AtEach<Path, number>>;
  debug(subcommand: "HELP"): Out<Form, string[]>;
  /** Deletes values, or the document, and gives how many there were. */
  del(key: Key, path?: string): Out<Form, number>;
  /** As `del`. */
  forget(key: Key, path?: string): Out<Form, number>;
  /** Merges a value into those at a path, as RFC 7396 says: null deletes a member. */
  merge(key: Key, path: string, value: JsonValue): Out<Form, "OK" | null>;
  /** Sets values at paths of several documents, all or none: `mset(["a", "$", 1], ["b", "$.n", 2])`. */
  mset(...places: [key: Key, path: string, value: JsonValue][]): Out<Form, "OK">;
  /** Adds to numbers and gives the sums, null for what is no number. */
  numincrby<Path extends string>(key: Key, path: Path, increment: number): Out<Form, AtEach<Path, number | null>>;
  /** Multiplies numbers and gives the products, null for what is no number. */
  nummultby<Path extends string>(key: Key, path: Path, factor: number): Out<Form, AtEach<Path, number | null>>;
  /** How many members objects have. */
  objlen<Path extends string = ".">(key: Key, path?: Path): Out<Form, AtEach<Path, number | null>>;
  /** Sets the values at a path: `set("doc", "$", { a: 1 })`. Null where `nx` or `xx` kept it from doing so. */
  set(key: Key, path: string, value: JsonValue, options?: JsonSetOptions | "NX" | "XX"): Out<Form, "OK" | null>;
  /** Appends to strings and gives their lengths in bytes, null for what is no string. */
  strappend<Path extends string>(key: Key, path: Path, text: string): Out<Form, AtEach<Path, number | null>>;
  /** The lengths of strings in bytes. */
  strlen<Path extends string = ".">(key: Key, path?: Path): Out<Form, AtEach<Path, number | null>>;
  /** Turns booleans into their opposites and gives them, null for what is no boolean. */
  toggle<Path extends string>(key: Key, path: Path): Out<Form, AtEach<Path, boolean | null>>;
  /** The types of values: `"object"`, `"array"`, `"string"`, `"integer"`, `"number"`, `"boolean"`, `"null"`. */
  type<Path extends string = ".">(key: Key, path?: Path): Out<Form, AtEach<Path, string> | null>;
}

/**
 * Commands whose replies are documents or their parts: each has a twin that gives JSON text in Buffers. Numbers that a
 * number of JavaScript does not hold are exact there only.
 */
export interface JsonValues<Form> {
  /** Takes an element out of arrays, the last one where no index is given, null for what is none. */
  arrpop<Path extends string = ".">(key: Key, path?: Path, index?: number): Out<Form, AtEach<Path, Parsed<Form> | null>>;
  /** The document, or its values at a path. With several paths, an object of what each leads to. */
  get<T = Json>(key: Key, ...paths: string[]): Out<Form, Parsed<Form, T> | null>;
  /** As JSON text that is set out with these strings. */
  get(key: Key, options: JsonGetOptions, ...paths: string[]): Out<Form, string | null>;
  /** The values at one path of several documents. */
  mget<T = Json>(keys: readonly Key[], path: string): Out<Form, (Parsed<Form, T> | null)[]>;
  /** The names of the members of objects. */
  objkeys<Path extends string = ".">(key: Key, path?: Path): Out<Form, AtEach<Path, string[] | null>>;
  /** Values as replies: an object is `"{"` and then names and values, an array `"["` and then its elements. */
  resp(key: Key, path?: string): Out<Form, unknown>;
}

/** JSON text, which becomes what it stands for where no Buffers are asked for. */
type Parsed<Form, T = Json> = Form extends "buffer" ? string : T;

/** The commands of JSON documents by their names without `JSON.`. */
export interface JsonCommands extends JsonMethods<"text">, JsonValues<"text">, WithBuffers<JsonValues<"buffer">> {}
/** The same, put in a queue. */
export interface JsonQueue<Queue> extends JsonMethods<Queue>, JsonValues<Queue>, WithBuffers<JsonValues<Queue>> {}

const stringify = (value: unknown): Arg => (value instanceof Uint8Array ? value : (JSON.stringify(value) as string));
/** A Buffer stays text. */
const parse = (reply: unknown): unknown => (typeof reply === "string" ? JSON.parse(reply) : reply);
const parseAll = (reply: unknown): unknown => (Array.isArray(reply) ? reply.map(parse) : parse(reply));

const isLegacy = (path: unknown): boolean => !(typeof path === "string" && path.startsWith("$"));
/** Some replies are an array for a path of the older form too. */
const atPlace =
  (path: unknown) =>
  (reply: unknown): unknown =>
    isLegacy(path) && Array.isArray(reply) ? (reply[0] ?? null) : reply;

const number = (name: string): Builder => (key: Key, path: string, by: number) =>
  command([name, key, path, by], atPlace(path));

const bool = (value: unknown): unknown =>
  value === null ? null : value === 1 || (typeof value === "string" && value === "true");

const get: Builder = (key: Key, ...args: unknown[]) => {
  const [options, ...paths] = args;
  if (!isPlain(options)) {
    return command(["JSON.GET", key, ...(args as Arg[])], parse);
  }
  return command([...append(["JSON.GET", key], "JSON.GET", [options]), ...(paths as Arg[])]);
};

/** @internal */
export const json: Builders<JsonMethods<unknown>> = {
  arrappend: (key, path, ...values) => command(["JSON.ARRAPPEND", key, path, ...values.map(stringify)]),
  arrindex: (key, path, value, ...range) =>
    command(["JSON.ARRINDEX", key, path, stringify(value), ...(given(range) as Arg[])]),
  arrinsert: (key, path, index, ...values) => command(["JSON.ARRINSERT", key, path, index, ...values.map(stringify)]),
  arrlen: verb("JSON.ARRLEN", 1),
  arrtrim: verb("JSON.ARRTRIM"),
  clear: verb("JSON.CLEAR", 1),
  debug: verb("JSON.DEBUG", 1),
  del: verb("JSON.DEL", 1),
  forget: verb("JSON.FORGET", 1),
  merge: (key, path, value) => command(["JSON.MERGE", key, path, stringify(value)]),
  mset: (...places) =>
    command(["JSON.MSET", ...places.flatMap(([key, path, value]: [Key, string, unknown]) => [key, path, stringify(value)])]),
  numincrby: number("JSON.NUMINCRBY"),
  nummultby: number("JSON.NUMMULTBY"),
  objlen: verb("JSON.OBJLEN", 1),
  set: (key, path, value, ...options) => command(append(["JSON.SET", key, path, stringify(value)], "JSON.SET", given(options))),
  strappend: (key, path, text) => command(["JSON.STRAPPEND", key, path, stringify(text)]),
  strlen: verb("JSON.STRLEN", 1),
  toggle: (key, path) =>
    command(["JSON.TOGGLE", key, path], (reply) => (Array.isArray(reply) ? reply.map(bool) : bool(reply))),
  type: (key, ...path) =>
    command(["JSON.TYPE", key, ...(given(path) as Arg[])], (reply) => (Array.isArray(reply) ? (reply[0] ?? null) : reply)),
};

/** @internal */
export const jsonValues: Builders<JsonValues<unknown>> = {
  arrpop: verb("JSON.ARRPOP", 1, parseAll),
  get,
  mget: (keys, path) => command(["JSON.MGET", ...keys, path], parseAll),
  objkeys: verb("JSON.OBJKEYS", 1),
  resp: verb("JSON.RESP", 1),
};
