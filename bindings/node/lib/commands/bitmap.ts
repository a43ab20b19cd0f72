// Strings as arrays of bits, and as arrays of integers of any width.

import { type Arg, type Builders, type Key, type Numeric, optionalVerbs, type Out, type Several, verbs } from "../command.js";

/** What start and end count. */
export type BitUnit = "BYTE" | "BIT" | "byte" | "bit";
/** How BITOP joins strings. */
export type BitOperation = Uppercase<BitOperationName> | BitOperationName;
type BitOperationName = "and" | "or" | "xor" | "not" | "diff" | "diff1" | "andor" | "one";
/** A step of BITFIELD that reads. `encoding` is such as `"u8"`; `offset` counts bits, or as `"#2"` integers. */
export type BitFieldGet = readonly [word: "GET" | "get", encoding: string, offset: Numeric];
/** A step of BITFIELD: reads, writes, adds, or says what the next ones do when a number is too large. */
export type BitFieldStep =
  | BitFieldGet
  | readonly [word: "SET" | "set", encoding: string, offset: Numeric, value: Numeric]
  | readonly [word: "INCRBY" | "incrby", encoding: string, offset: Numeric, increment: Numeric]
  | readonly [word: "OVERFLOW" | "overflow", behaviour: "WRAP" | "SAT" | "FAIL" | "wrap" | "sat" | "fail"];

/** Commands whose replies are numbers and states. */
export interface BitmapMethods<Form> {
  /** How many bits are set, in a part or in the whole; both ends belong to it and may count from the end. */
  bitcount(key: Key): Out<Form, number>;
  bitcount(key: Key, start: number, end: number, unit?: BitUnit): Out<Form, number>;
  /**
   * Reads and writes integers: `bitfield("key", ["SET", "u8", 0, 255], ["GET", "u4", "#1"])`. One number for each
   * step that gives one, null where `FAIL` kept it from changing.
   */
  bitfield(key: Key, ...steps: BitFieldStep[] | Arg[]): Out<Form, (number | null)[]>;
  /** As `bitfield`, for steps that only read. */
  bitfield_ro(key: Key, ...steps: BitFieldGet[] | Arg[]): Out<Form, number[]>;
  /** Joins strings bit by bit, stores the result, and gives its length in bytes. */
  bitop(operation: BitOperation, destination: Key, ...keys: Several<Key>): Out<Form, number>;
  /** Where the first bit of a kind is; -1 for nowhere. */
  bitpos(key: Key, bit: 0 | 1, start?: number, end?: number, unit?: BitUnit): Out<Form, number>;
  /** A bit. */
  getbit(key: Key, offset: number): Out<Form, number>;
  /** Sets a bit and gives what it was. */
  setbit(key: Key, offset: number, value: 0 | 1): Out<Form, number>;
}

/** @internal */
export const bitmaps: Builders<BitmapMethods<unknown>> = {
  ...verbs("bitfield", "bitfield_ro", "bitop", "getbit", "setbit"),
  ...optionalVerbs(1, "bitcount"),
  ...optionalVerbs(2, "bitpos"),
};
