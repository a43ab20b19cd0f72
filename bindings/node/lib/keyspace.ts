// The bare engine.

import { Executor } from "./executor.js";
import { native } from "./native.js";
import { pairs, type RuntimeOptions } from "./options.js";

/**
 * A keyspace without threads or I/O: for tests, and for a copy of a primary in this process.
 *
 * Expired keys go when they are touched or when {@link tick} is called.
 */
export class Keyspace extends Executor {
  readonly #native;

  constructor(options: RuntimeOptions = {}) {
    const keyspace = native.openKeyspace(...pairs(options).flat());
    super(keyspace);
    this.#native = keyspace;
  }

  /** Deletes what has expired and frees what was unlinked, a bounded amount. True where more is left. */
  tick(): boolean {
    return this.#native.tick();
  }
}
