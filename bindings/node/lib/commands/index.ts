// Every command that has a method, and what the methods look like.

import type { Builder, Command, WithBuffers } from "../command.js";
import { type BitmapMethods, bitmaps } from "./bitmap.js";
import { geo, type GeoMethods, type GeoValues, geoValues } from "./geo.js";
import { hashes, type HashMethods, type HashValues, hashValues } from "./hash.js";
import { type HyperLogLogMethods, hyperLogLogs } from "./hyperloglog.js";
import { json, type JsonCommands, type JsonQueue, jsonValues } from "./json.js";
import { type KeyMethods, keys, type KeyValues, keyValues } from "./keys.js";
import { type ListMethods, lists, type ListValues, listValues } from "./list.js";
import { scripting, type ScriptingMethods, type ScriptingValues, scriptingValues } from "./scripting.js";
import { server, type ServerMethods, type ServerValues, serverValues } from "./server.js";
import { type SetMethods, sets, type SetValues, setValues } from "./set.js";
import { type SortedSetMethods, sortedSets, type SortedSetValues, sortedSetValues } from "./sorted_set.js";
import { type StreamMethods, streams, type StreamValues, streamValues } from "./stream.js";
import { type StringMethods, strings, type StringValues, stringValues } from "./string.js";
import { type VectorSetMethods, vectorSets, type VectorSetValues, vectorSetValues } from "./vector_set.js";

const plain: Record<string, Builder> = {
  ...strings,
  ...hashes,
  ...lists,
  ...sets,
  ...sortedSets,
  ...streams,
  ...bitmaps,
  ...hyperLogLogs,
  ...geo,
  ...vectorSets,
  ...keys,
  ...scripting,
  ...server,
};
const values: Record<string, Builder> = {
  ...stringValues,
  ...hashValues,
  ...listValues,
  ...setValues,
  ...sortedSetValues,
  ...streamValues,
  ...geoValues,
  ...vectorSetValues,
  ...keyValues,
  ...scriptingValues,
  ...serverValues,
};

/** Methods whose replies are numbers and states. */
export interface PlainMethods<Form>
  extends StringMethods<Form>,
    HashMethods<Form>,
    ListMethods<Form>,
    SetMethods<Form>,
    SortedSetMethods<Form>,
    StreamMethods<Form>,
    BitmapMethods<Form>,
    HyperLogLogMethods<Form>,
    GeoMethods<Form>,
    VectorSetMethods<Form>,
    KeyMethods<Form>,
    ScriptingMethods<Form>,
    ServerMethods<Form> {}

/** Methods whose replies are values. */
export interface ValueMethods<Form>
  extends StringValues<Form>,
    HashValues<Form>,
    ListValues<Form>,
    SetValues<Form>,
    SortedSetValues<Form>,
    StreamValues<Form>,
    GeoValues<Form>,
    VectorSetValues<Form>,
    KeyValues<Form>,
    ScriptingValues<Form>,
    ServerValues<Form> {}

/** Methods that run a command and give its result. */
export interface CommandMethods extends PlainMethods<"text">, ValueMethods<"text">, WithBuffers<ValueMethods<"buffer">> {
  /** Commands of JSON documents: `json.set("doc", "$", { a: 1 })`. */
  readonly json: JsonCommands;
}

/** Methods that put a command in a queue. */
export interface QueueMethods<Queue> extends PlainMethods<Queue>, ValueMethods<Queue>, WithBuffers<ValueMethods<Queue>> {
  /** Commands of JSON documents: `json.set("doc", "$", { a: 1 })`. */
  readonly json: JsonQueue<Queue>;
}

/** @internal How a reply's strings are read: the numbers of the native module. */
export const TEXT = 0;
/** @internal */
export const VALUES = 1;
/** @internal */
export const BYTES = 2;

/** @internal Gives a class its methods: each hands its command to `run`. */
export function addMethods<C extends object>(
  prototype: C,
  run: (this: C, command: Command<unknown>, mode: number) => unknown,
): void {
  define(prototype, run, plain, values);
  const spaces = new WeakMap<C, object>();
  Object.defineProperty(prototype, "json", {
    get(this: C): object {
      let space = spaces.get(this);
      if (space === undefined) {
        space = define({}, (command, mode) => run.call(this, command, mode), json, jsonValues);
        spaces.set(this, space);
      }
      return space;
    },
    configurable: true,
  });
}

/** Gives an object methods, where it has none of that name yet. */
function define<C extends object>(
  target: C,
  run: (this: C, command: Command<unknown>, mode: number) => unknown,
  plain: Readonly<Record<string, Builder>>,
  values: Readonly<Record<string, Builder>>,
): C {
  const add = (name: string, build: Builder, mode: number): void => {
    if (Object.hasOwn(target, name)) {
      return;
    }
    const method = function (this: C, ...args: unknown[]): unknown {
      return run.call(this, build(...args), mode);
    };
    Object.defineProperty(method, "name", { value: name });
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
  };
  for (const [name, build] of Object.entries(plain)) {
    add(name, build, TEXT);
  }
  for (const [name, build] of Object.entries(values)) {
    add(name, build, TEXT);
    add(`${name}Buffer`, build, VALUES);
  }
  return target;
}
