// Commands that are gathered first and run in one call.

import type { Arg, Command } from "./command.js";
import { addMethods, BYTES, type QueueMethods, TEXT } from "./commands/index.js";
import { ready } from "./pool.js";

type Run<T> = (shape: Uint32Array, ...argv: unknown[]) => T;

/** More arguments than these go over in an array: a call has room for so many only. */
const ARGUMENTS_MAX = 1024;

/**
 * Commands in a queue: each method of a session is here too, and gives the pipeline back. {@link exec} runs them and
 * gives their results in order; an error reply is an element, a {@link ReplyError}.
 */
export interface Pipeline<T extends unknown[] | null = unknown[]> extends QueueMethods<Pipeline<T>> {}

export class Pipeline<T extends unknown[] | null = unknown[]> {
  readonly #run: Run<T>;
  #argv: Arg[] = [];
  /** For each command four times its length, and how its strings are read. */
  #shape: number[] = [];
  #decoders: Command<unknown>["decode"][] = [];

  /** `run` gets for each command four times its length, and how its strings are read, and then all arguments. */
  constructor(run: Run<T>) {
    this.#run = run;
  }

  /** How many commands there are. */
  get length(): number {
    return this.#shape.length;
  }

  /** Adds any command. */
  call(verb: string, ...args: Arg[]): this {
    return this.#add({ argv: [verb, ...args] }, TEXT);
  }

  /** Adds any command, whose strings become Buffers. */
  callBuffer(verb: string, ...args: Arg[]): this {
    return this.#add({ argv: [verb, ...args] }, BYTES);
  }

  /** Runs the commands and empties the queue. */
  exec(): T {
    const decoders = this.#decoders;
    const [argv, shape] = [this.#argv, this.#shape];
    [this.#argv, this.#shape, this.#decoders] = [[], [], []];
    ready();
    const lengths = Uint32Array.from(shape);
    const results = argv.length > ARGUMENTS_MAX ? this.#run(lengths, argv) : this.#run(lengths, ...argv);
    if (results !== null) {
      decoders.forEach((decode, at) => {
        if (decode !== undefined && !(results[at] instanceof Error)) {
          results[at] = decode(results[at]);
        }
      });
    }
    return results;
  }

  #add(command: Command<unknown>, mode: number): this {
    for (const arg of command.argv) {
      this.#argv.push(arg);
    }
    this.#shape.push(command.argv.length * 4 + mode);
    this.#decoders.push(command.decode);
    return this;
  }

  static {
    addMethods(this.prototype as Pipeline, function (command, mode) {
      return this.#add(command, mode);
    });
  }
}
