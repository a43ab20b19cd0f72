// Vector sets.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  isPlain,
  type Key,
  type Numeric,
  optionalVerbs,
  type Out,
  verbs,
} from "../command.js";
import type { VAddOptions, VSimOptions } from "./options.js";

/** The components of a vector. A Float32Array is sent as its bytes, which is the shortest way. */
export type Vector = Float32Array | readonly Numeric[];

/** What a search gives: names, or where it was asked for more, an object of what was asked for by name. */
export type VectorsFound<Options> = Options extends { withscores: true; withattribs: true }
  ? Record<string, [score: number, attributes: string | null]>
  : Options extends { withscores: true }
    ? Record<string, number>
    : Options extends { withattribs: true }
      ? Record<string, string | null>
      : string[];

/** Commands whose replies are numbers and states. */
export interface VectorSetMethods<Form> {
  /** Adds an element or gives it another vector, and gives true where it is new. */
  vadd(key: Key, vector: Vector, element: Arg, options?: VAddOptions): Out<Form, boolean>;
  /** The number of elements. */
  vcard(key: Key): Out<Form, number>;
  /** How many components the vectors have. */
  vdim(key: Key): Out<Form, number>;
  /** Whether there is such an element. */
  vismember(key: Key, element: Arg): Out<Form, boolean>;
  /** Removes an element: true if it was there. */
  vrem(key: Key, element: Arg): Out<Form, boolean>;
  /** Sets an element's attributes, a JSON object as text; empty text takes them away. True if the element is there. */
  vsetattr(key: Key, element: Arg, attributes: Arg): Out<Form, boolean>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface VectorSetValues<Form> {
  /** The components of an element's vector, or with `"RAW"` how they are kept: the quantisation, bytes, norm and range. */
  vemb(key: Key, element: Arg): Out<Form, number[] | null>;
  vemb(key: Key, element: Arg, raw: "RAW" | "raw"): Out<Form, [quantization: string, bytes: string, norm: number, range?: number] | null>;
  /** An element's attributes. */
  vgetattr(key: Key, element: Arg): Out<Form, string | null>;
  /** What the set is like. */
  vinfo(key: Key): Out<Form, Record<string, string | number> | null>;
  /** The neighbours of an element in each layer of the graph, with `"WITHSCORES"` how near they are. */
  vlinks(key: Key, element: Arg): Out<Form, string[][] | null>;
  vlinks(key: Key, element: Arg, withScores: "WITHSCORES" | "withscores"): Out<Form, Record<string, number>[] | null>;
  /** An element chosen at random, or with a count several: a negative count may choose one twice. */
  vrandmember(key: Key): Out<Form, string | null>;
  vrandmember(key: Key, count: number): Out<Form, string[]>;
  vrandmember(key: Key, count?: number): Out<Form, string | string[] | null>;
  /** Elements in the order of their bytes: `[` includes an end, `(` excludes it, `-` and `+` are the first and last. */
  vrange(key: Key, start: Arg, end: Arg, count?: number): Out<Form, string[]>;
  /** The elements nearest to a vector or to an element that is named: `vsim("v", "ada", { count: 3, withscores: true })`. */
  vsim<const Options extends VSimOptions = {}>(key: Key, to: Vector | Key, options?: Options): Out<Form, VectorsFound<Options>>;
}

function components(vector: Vector): Arg[] {
  if (vector instanceof Float32Array) {
    return ["FP32", Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)];
  }
  return ["VALUES", vector.length, ...vector];
}

const isVector = (to: unknown): to is Vector => Array.isArray(to) || to instanceof Float32Array;

const vadd: Builder = (key: Key, vector: Vector, element: Arg, options: VAddOptions = {}) => {
  // This option alone stands before the vector.
  const { reduce, ...rest } = isPlain(options) ? (options as VAddOptions) : {};
  const argv: Arg[] = ["VADD", key, ...(reduce === undefined ? [] : (["REDUCE", reduce] as Arg[])), ...components(vector), element];
  return command(append(argv, "VADD", [rest]));
};

const vsim: Builder = (key: Key, to: Vector | Key, options: VSimOptions = {}) => {
  const argv: Arg[] = ["VSIM", key, ...(isVector(to) ? components(to) : (["ELE", to] as Arg[]))];
  return command(append(argv, "VSIM", [options]));
};

/** @internal */
export const vectorSets: Builders<VectorSetMethods<unknown>> = {
  ...verbs("vcard", "vdim", "vismember", "vrem", "vsetattr"),
  vadd,
};

/** @internal */
export const vectorSetValues: Builders<VectorSetValues<unknown>> = {
  ...verbs("vgetattr", "vinfo"),
  ...optionalVerbs(2, "vemb", "vlinks"),
  ...optionalVerbs(1, "vrandmember"),
  ...optionalVerbs(3, "vrange"),
  vsim,
};
