// Commands on a runtime.

import { Executor } from "./executor.js";
import type { NativeSession } from "./native.js";

/** A session of a runtime: its database, and the keys it watches. For the thread that opened it. */
export class Session extends Executor {
  private constructor(native: NativeSession) {
    super(native);
  }

  /** @internal What {@link Runtime.session} calls. */
  static of(native: NativeSession): Session {
    return new Session(native);
  }
}
