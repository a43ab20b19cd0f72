// Lists.

import { type Arg, type Builders, counted, type Key, optionalVerbs, type Out, type Several, verbs } from "../command.js";
import type { LMPopOptions, LPosOptions } from "./options.js";

/** An end of a list. */
export type Side = "LEFT" | "RIGHT" | "left" | "right";

/** Commands whose replies are numbers and states. */
export interface ListMethods<Form> {
  /** Inserts an element next to another and gives the length: 0 no such list, -1 no such element. */
  linsert(key: Key, where: "BEFORE" | "AFTER" | "before" | "after", pivot: Arg, element: Arg): Out<Form, number>;
  /** The length of a list. */
  llen(key: Key): Out<Form, number>;
  /** Where an element is, or with `count` all its places (0: without a limit). */
  lpos(key: Key, element: Arg, options: LPosOptions & { count: {} }): Out<Form, number[]>;
  lpos(key: Key, element: Arg, options?: LPosOptions & { count?: undefined }): Out<Form, number | null>;
  lpos(key: Key, element: Arg, ...options: [LPosOptions] | Arg[]): Out<Form, number | number[] | null>;
  /** Puts elements at the head, the last of them first, and gives the length. */
  lpush(key: Key, ...elements: Several<Arg>): Out<Form, number>;
  /** As `lpush` where the list exists; else 0. */
  lpushx(key: Key, ...elements: Several<Arg>): Out<Form, number>;
  /** Removes elements that are equal: the first `count`, with a negative count the last, with 0 all. */
  lrem(key: Key, count: number, element: Arg): Out<Form, number>;
  /** Replaces an element. */
  lset(key: Key, index: number, element: Arg): Out<Form, "OK">;
  /** Keeps a part of a list; both ends belong to it and may count from the end. */
  ltrim(key: Key, start: number, stop: number): Out<Form, "OK">;
  /** Puts elements at the end and gives the length. */
  rpush(key: Key, ...elements: Several<Arg>): Out<Form, number>;
  /** As `rpush` where the list exists; else 0. */
  rpushx(key: Key, ...elements: Several<Arg>): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface ListValues<Form> {
  /** An element by its place, which may count from the end. */
  lindex(key: Key, index: number): Out<Form, string | null>;
  /** Moves an element from one list's end to another's and gives it. */
  lmove(source: Key, destination: Key, from: Side, to: Side): Out<Form, string | null>;
  /** Takes elements off the first list that has any: `lmpop(["a", "b"], "LEFT", { count: 10 })`. */
  lmpop(keys: readonly Key[], from: Side, options?: LMPopOptions): Out<Form, [key: string, elements: string[]] | null>;
  lmpop(count: number, ...args: Arg[]): Out<Form, [key: string, elements: string[]] | null>;
  /** Takes the first element off, or with a count several. */
  lpop(key: Key): Out<Form, string | null>;
  lpop(key: Key, count: number): Out<Form, string[] | null>;
  lpop(key: Key, count?: number): Out<Form, string | string[] | null>;
  /** A part of a list; both ends belong to it and may count from the end. */
  lrange(key: Key, start: number, stop: number): Out<Form, string[]>;
  /** Takes the last element off, or with a count several. */
  rpop(key: Key): Out<Form, string | null>;
  rpop(key: Key, count: number): Out<Form, string[] | null>;
  rpop(key: Key, count?: number): Out<Form, string | string[] | null>;
  /** Moves the last element of a list to the head of another and gives it. */
  rpoplpush(source: Key, destination: Key): Out<Form, string | null>;
}

/** @internal */
export const lists: Builders<ListMethods<unknown>> = {
  ...verbs("linsert", "llen", "lpush", "lpushx", "lrem", "lset", "ltrim", "rpush", "rpushx"),
  ...optionalVerbs(2, "lpos"),
};

/** @internal */
export const listValues: Builders<ListValues<unknown>> = {
  ...verbs("lindex", "lmove", "lrange", "rpoplpush"),
  ...optionalVerbs(1, "lpop", "rpop"),
  lmpop: counted("LMPOP"),
};
