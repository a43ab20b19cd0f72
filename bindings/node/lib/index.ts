/**
 * kevy: a Redis-compatible, replicated keyspace inside this process.
 *
 * A {@link Runtime} is one running keyspace, a {@link Session} runs commands on it, a {@link Replica} follows a
 * primary frame by frame, a {@link Mirror} is a copy of one, and a {@link Keyspace} is the bare engine without threads or I/O.
 */

import "./dispose.js";
import { native } from "./native.js";

export type { Arg, Buffered, Fields, Key, Named, Numeric, Out, Pairs, Several } from "./command.js";
export type { CommandMethods, QueueMethods } from "./commands/index.js";
export type { BlockingMethods, BlockingReads, WaitOptions } from "./commands/blocking.js";
export type { BitFieldGet, BitFieldStep, BitOperation, BitUnit } from "./commands/bitmap.js";
export type { GeoFound, GeoFoundAny, GeoUnit, Places, Position } from "./commands/geo.js";
export type { ExpireCondition } from "./commands/hash.js";
export type { AtEach, Json, JsonCommands, JsonQueue, JsonValue } from "./commands/json.js";
export type { Side } from "./commands/list.js";
export type * from "./commands/options.js";
export type { Keyed } from "./commands/scripting.js";
export type { Extreme, Scored, Scores } from "./commands/sorted_set.js";
export type { GivenEntry, PendingEntry, PendingSummary, StreamEntry } from "./commands/stream.js";
export type { ConsumerFacts, GroupFacts, StreamFacts, StreamFullFacts } from "./commands/stream_info.js";
export type { LcsMatch, LcsMatches } from "./commands/string.js";
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
export { Mirror, type MirrorOptions } from "./mirror.js";
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
export { type OnLoad, type OpenReport, Runtime } from "./runtime.js";
export { Session } from "./session.js";
export { type Message, Subscription } from "./subscription.js";

/** The version of the engine. */
export const version: string = native.version();
