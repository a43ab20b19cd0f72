// Commands on a runtime.

import { Executor } from "./executor.js";

/** A session of a runtime: its database, and the keys it watches. For the thread that opened it. */
export class Session extends Executor {}
