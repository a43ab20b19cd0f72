// Every command that has a method, and what the methods look like.

import type { Buffered, Command } from "../command.js";
import { hashes, hashValues } from "./hash.js";
import { keys, keyValues } from "./keys.js";
import { server, serverValues } from "./server.js";
import { strings, stringValues } from "./string.js";

/** @internal Commands without a twin. */
export const plain = { ...strings, ...hashes, ...keys, ...server };
/** @internal Commands with a twin that gives Buffers. */
export const values = { ...stringValues, ...hashValues, ...keyValues, ...serverValues };

type Plain = typeof strings & typeof hashes & typeof keys & typeof server;
type Values = typeof stringValues & typeof hashValues & typeof keyValues & typeof serverValues;

type Method<C> = C extends (...args: infer A) => Command<infer T> ? (...args: A) => T : never;
type BufferMethod<C> = C extends (...args: infer A) => Command<infer T> ? (...args: A) => Buffered<T> : never;
type QueueMethod<C, Q> = C extends (...args: infer A) => unknown ? (...args: A) => Q : never;

type PlainMethods = { [K in keyof Plain]: Method<Plain[K]> };
type ValueMethods = { [K in keyof Values]: Method<Values[K]> };
type BufferMethods = { [K in keyof Values as `${K}Buffer`]: BufferMethod<Values[K]> };

/** Methods that run a command and give its result. */
export interface CommandMethods extends PlainMethods, ValueMethods, BufferMethods {}

/** Methods that put a command in a queue. */
export type QueueMethods<Q> = { [K in keyof Plain]: QueueMethod<Plain[K], Q> } & {
  [K in keyof Values]: QueueMethod<Values[K], Q>;
} & { [K in keyof Values as `${K}Buffer`]: QueueMethod<Values[K], Q> };

/** @internal How a reply's strings are read: the numbers of the native module. */
export const TEXT = 0;
/** @internal */
export const VALUES = 1;
/** @internal */
export const BYTES = 2;

/** @internal Gives a class its methods: each hands its command to `run`. */
export function addMethods<C>(
  prototype: C,
  run: (this: C, command: Command<unknown>, mode: number) => unknown,
): void {
  const add = (name: string, build: (...args: any[]) => Command<unknown>, mode: number): void => {
    if (Object.hasOwn(prototype as object, name)) {
      return;
    }
    const method = function (this: C, ...args: unknown[]): unknown {
      return run.call(this, build(...args), mode);
    };
    Object.defineProperty(method, "name", { value: name });
    Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true });
  };
  for (const [name, build] of Object.entries(plain)) {
    add(name, build, TEXT);
  }
  for (const [name, build] of Object.entries(values)) {
    add(name, build, TEXT);
    add(`${name}Buffer`, build, VALUES);
  }
}
