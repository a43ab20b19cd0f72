// Scripts, functions and messages.

import { type Arg, type Builders, counted, type Key, type Out, verbs } from "../command.js";

/** Keys as an array, or their number and the keys, and then the arguments. */
export type Keyed = [keys: readonly Key[], ...args: (Arg | readonly Arg[])[]] | [count: number, ...keysAndArgs: Arg[]];

/** Commands about scripts, functions and channels. */
export interface ScriptingMethods<Form> {
  /** FUNCTION: `function("LOAD", code)`, `function("LIST")`, … */
  function(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Sends a message to all who listen to a channel, and gives how many they are. */
  publish(channel: Key, message: Arg): Out<Form, number>;
  /** PUBSUB: `pubsub("CHANNELS")`, `pubsub("NUMSUB", "news")`, … */
  pubsub(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** SCRIPT: `script("LOAD", code)`, `script("EXISTS", digest)`, … */
  script(subcommand: string, ...args: Arg[]): Out<Form, unknown>;
  /** Sends a message to all who listen to a shard channel, and gives how many they are. */
  spublish(channel: Key, message: Arg): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface ScriptingValues<Form> {
  /** Runs a script: `eval("return redis.call('GET', KEYS[1])", ["key"], "argument")`. */
  eval(script: string, ...rest: Keyed): Out<Form, unknown>;
  /** Runs a script that changes nothing. */
  eval_ro(script: string, ...rest: Keyed): Out<Form, unknown>;
  /** Runs a script by the digest that `script("LOAD", …)` gave. */
  evalsha(digest: string, ...rest: Keyed): Out<Form, unknown>;
  /** Runs a script that changes nothing by its digest. */
  evalsha_ro(digest: string, ...rest: Keyed): Out<Form, unknown>;
  /** Calls a function: `fcall("name", ["key"], "argument")`. */
  fcall(name: string, ...rest: Keyed): Out<Form, unknown>;
  /** Calls a function that changes nothing. */
  fcall_ro(name: string, ...rest: Keyed): Out<Form, unknown>;
}

/** @internal */
export const scripting: Builders<ScriptingMethods<unknown>> = {
  ...verbs("function", "publish", "pubsub", "script", "spublish"),
};

/** @internal */
export const scriptingValues: Builders<ScriptingValues<unknown>> = {
  eval: counted("EVAL", 1),
  eval_ro: counted("EVAL_RO", 1),
  evalsha: counted("EVALSHA", 1),
  evalsha_ro: counted("EVALSHA_RO", 1),
  fcall: counted("FCALL", 1),
  fcall_ro: counted("FCALL_RO", 1),
};
