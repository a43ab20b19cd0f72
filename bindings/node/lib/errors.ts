// Failures by kind. The kinds and their names are those of the C interface's kevy_status.

/** What every failure of kevy is. */
export class KevyError extends Error {
  /** The kind in capitals, such as `CLOSED`; of an error reply its code word, such as `WRONGTYPE`. */
  readonly code: string;
  /** The kind in capitals: `kevy_status_name` of the C interface. */
  readonly kind: string;

  constructor(kind: string, message: string, code: string = kind) {
    super(message);
    this.kind = kind;
    this.code = code;
  }

  /** Whether the same call may succeed later without any change. */
  get retriable(): boolean {
    return ["BUSY", "INTERRUPTED", "IO", "TIMEOUT", "OUT_OF_MEMORY"].includes(this.kind);
  }

  /** Whether the handle cannot be used again. */
  get fatal(): boolean {
    return ["CLOSED", "FORKED", "PANIC"].includes(this.kind);
  }

  static {
    this.prototype.name = "KevyError";
  }
}

/** A command was answered with an error reply. */
export class ReplyError extends KevyError {}
/** The key holds another type. */
export class WrongTypeError extends ReplyError {}
/** Writes are refused here. */
export class ReadOnlyError extends ReplyError {}
/** Memory could not be had, or `maxmemory` forbids it. */
export class OutOfMemoryError extends ReplyError {}
/** Credentials or a permission were refused. */
export class AuthError extends ReplyError {}
/** An argument is outside what the function takes. */
export class InvalidArgumentError extends KevyError {}
/** An option's name or value is not known. */
export class InvalidOptionError extends KevyError {}
/** The handle is in use by a call that has not returned. */
export class BusyError extends KevyError {}
/** The handle was closed, or the runtime stopped. */
export class ClosedError extends KevyError {}
/** The runtime lives in the process that forked this one. */
export class ForkedError extends KevyError {}
/** `interrupt` ended a wait. */
export class InterruptedError extends KevyError {}
/** A panic was caught; the handle is poisoned. */
export class PanicError extends KevyError {}
/** The operating system reported a failure. */
export class IoError extends KevyError {}
/** The peer sent bytes that are not the protocol. */
export class ProtocolError extends KevyError {}
/** The peer or this build does not do what was asked. */
export class UnsupportedError extends KevyError {}
/** A time limit passed. */
export class TimeoutError extends KevyError {}
/** Bytes are damaged. */
export class CorruptError extends KevyError {}
/** The primary refused to serve a replica. */
export class ReplicaError extends KevyError {}

type Class = new (kind: string, message: string, code?: string) => KevyError;

const CLASSES: Record<string, Class> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  INVALID_OPTION: InvalidOptionError,
  BUSY: BusyError,
  CLOSED: ClosedError,
  FORKED: ForkedError,
  INTERRUPTED: InterruptedError,
  PANIC: PanicError,
  IO: IoError,
  PROTOCOL: ProtocolError,
  AUTH: AuthError,
  OUT_OF_MEMORY: OutOfMemoryError,
  UNSUPPORTED: UnsupportedError,
  TIMEOUT: TimeoutError,
  CORRUPT: CorruptError,
  WRONG_TYPE: WrongTypeError,
  READ_ONLY: ReadOnlyError,
  REPLICA: ReplicaError,
  SERVER: ReplyError,
};

for (const error of Object.values(CLASSES)) {
  Object.defineProperty(error.prototype, "name", { value: error.name, configurable: true, writable: true });
}

const CODE_WORD = /^[A-Z][A-Z0-9_]*(?= |$)/;

/** @internal The error of a kind. */
export function makeError(kind: string, message: string): KevyError {
  const error = CLASSES[kind] ?? KevyError;
  const word = error === ReplyError || error.prototype instanceof ReplyError ? CODE_WORD.exec(message)?.[0] : undefined;
  return new error(kind, message, word ?? kind);
}

/** @internal The error that a napi-rs function's error stands for: its message begins with the kind. */
export function fromNative(error: unknown): unknown {
  if (error instanceof Error && !(error instanceof KevyError)) {
    const [, kind, message] = /^([A-Z_]+): (.*)$/s.exec(error.message) ?? [];
    if (kind !== undefined && message !== undefined && kind in CLASSES) {
      return makeError(kind, message);
    }
  }
  return error;
}

/** @internal Runs a function of napi-rs. */
export function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}
