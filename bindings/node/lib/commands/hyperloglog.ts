// HyperLogLog: how many different elements there were, within a percent, in 12 KB.

import { type Arg, type Builders, type Key, type Out, type Several, verbs } from "../command.js";

/** Commands whose replies are numbers and states. */
export interface HyperLogLogMethods<Form> {
  /** Counts elements in: 1 where the estimate may have changed. */
  pfadd(key: Key, ...elements: Several<Arg>): Out<Form, number>;
  /** How many different elements one or several have seen, as an estimate. */
  pfcount(...keys: Several<Key>): Out<Form, number>;
  /** Makes one of several. */
  pfmerge(destination: Key, ...sources: Several<Key>): Out<Form, "OK">;
}

/** @internal */
export const hyperLogLogs: Builders<HyperLogLogMethods<unknown>> = verbs("pfadd", "pfcount", "pfmerge");
