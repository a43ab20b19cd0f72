/**
 * kevy: a Redis-compatible, replicated keyspace inside this process.
 *
 * A {@link Runtime} is one running keyspace, a {@link Session} runs commands on it, a {@link Replica} follows a
 * primary frame by frame, and a {@link Keyspace} is the bare engine without threads or I/O.
 */

import "./dispose.js";
import { native } from "./native.js";

export type { Arg, Buffered, Fields, Key, Pairs } from "./command.js";
export type { CommandMethods, QueueMethods } from "./commands/index.js";
export type { ExpireCondition, HGetExOptions, HScanOptions, HSetExOptions } from "./commands/hash.js";
export type { CopyOptions, RestoreOptions, ScanOptions } from "./commands/keys.js";
export type { GetExOptions, SetOptions } from "./commands/string.js";
export {
  AuthError,
  BusyError,
  ClosedError,
  CorruptError,
  ForkedError,
  InterruptedError,
  InvalidArgumentError,
  InvalidOptionError,
  IoError,
  KevyError,
  OutOfMemoryError,
  PanicError,
  ProtocolError,
  ReadOnlyError,
  ReplicaError,
  ReplyError,
  TimeoutError,
  UnsupportedError,
  WrongTypeError,
} from "./errors.js";
export { Executor } from "./executor.js";
export { Keyspace } from "./keyspace.js";
export type { OptionValue, RuntimeOptions } from "./options.js";
export { Pipeline } from "./pipeline.js";
export {
  Batch,
  Frame,
  type FrameKind,
  Replica,
  type ReplicaOptions,
  type ReplicaStats,
} from "./replica.js";
export { type OpenReport, Runtime } from "./runtime.js";
export { Session, type WaitOptions } from "./session.js";

/** The version of the engine. */
export const version: string = native.version();
