// Finds and loads the native module. The only place that knows where it lies.

import { existsSync } from "node:fs";
import { join } from "node:path";

/** Is told how far reading from disk has come: the bytes read and those of all files. */
export type OnLoad = (bytesRead: number, bytesTotal: number) => void;

/** What opening found. */
export interface OpenReport {
  /** How many shards the keyspace has. */
  readonly shards: number;
  /** Keys that were read from disk. */
  readonly keysLoaded: number;
  /** Keys on disk that were left out because their time had passed. */
  readonly keysExpired: number;
  /** Bytes that were read from disk. */
  readonly bytesRead: number;
  /** Commands of the append-only log that were run. */
  readonly commandsReplayed: number;
  /**
   * Bytes at the end of the append-only log that made no whole transaction. They were cut off and are kept in files beside
   * it, which the messages of the library name.
   */
  readonly bytesCut: number;
}

/** @internal A runtime in the native module. */
export interface NativeRuntime {
  readonly id: number;
  readonly port: number | null;
  readonly shards: number;
  openReport(): OpenReport;
  readonly token: string;
  readonly staleness: number | null;
  wait(token: string | null, timeoutMs: number): Promise<boolean>;
  connect(): number;
  stop(timeoutMs: number): Promise<void>;
  release(): void;
}

/** @internal The functions of one session. Undefined stands for a Buffer that is taken from the pool. */
export interface NativeSession {
  get(key: unknown): string | null;
  getBuffer(key: unknown): Buffer | null | undefined;
  getInto(key: unknown, target: unknown): number;
  set(key: unknown, value: unknown): void;
  call: NativeCall;
  callBuffer: NativeCall;
  callValues: NativeCall;
  apply(db: number, ...argv: unknown[]): unknown;
  batch(shape: Uint32Array, ...argv: unknown[]): unknown[];
  transaction(shape: Uint32Array, ...argv: unknown[]): unknown[] | null;
  /** `done` gets a function that gives the reply or throws; the result ends the wait. */
  wait(mode: number, done: (finish: () => unknown) => void, ...argv: unknown[]): () => void;
  bind(verb: string, mode: number): NativeCall;
  tick(): boolean;
  close(): void;
}

/** @internal */
export type NativeCall = (...args: unknown[]) => unknown;

/** @internal One batch of a replica: the bytes of all frames, and numbers that say what lies where. */
export interface NativeFrames {
  bytes: Buffer;
  table: Uint32Array;
  length: number;
  cursor: Buffer;
}

/** @internal */
export interface NativeStats {
  up: boolean;
  connections: number;
  silentMs?: number | null;
  frames: number;
  entries: number;
  bytes: number;
  transactions: number;
  snapshots: number;
  resyncs: number;
  weaker: boolean;
}

/** @internal A replica in the native module. */
export interface NativeReplica {
  take(): { frames?: NativeFrames; failure?: string } | null;
  takeStats(): NativeStats | null;
  listen(wantsItems: boolean, wantsStats: boolean): boolean;
  hold(isHeld: boolean): void;
  ack(cursor: Uint8Array): void;
  askStats(): void;
  close(): void;
}

/** @internal A subscription in the native module. */
export interface NativeSubscription {
  change(verb: string, names: Uint8Array[]): void;
  take(): (string | Buffer)[] | null;
  listen(): boolean;
  hold(isHeld: boolean): void;
  close(): void;
}

/** @internal What the native module exports. */
export interface Native {
  version(): string;
  start(options: [string, string][], onLoad?: OnLoad | null): Promise<NativeRuntime>;
  attach(id: number): NativeRuntime;
  openReplica(
    options: [string, string][],
    fd: number | null,
    runtimeId: number | null,
    cursor: Uint8Array | null,
    batchFramesMax: number,
    batchesMax: number,
    wake: () => void,
  ): NativeReplica;
  openSession(runtimeId: number): NativeSession;
  openSubscription(runtimeId: number, asText: boolean, wake: () => void): NativeSubscription;
  openKeyspace(...options: string[]): NativeSession;
  setup(makeError: (kind: string, message: string) => Error, take: () => Buffer, place: Int32Array): void;
  setPool(pool: Buffer): void;
}

/** The name of this platform's binary: system, architecture and, on Linux, C library. */
function platform(): string {
  let name = `${process.platform}-${process.arch}`;
  if (process.platform === "linux") {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    name += report.header?.glibcVersionRuntime === undefined ? "-musl" : "-gnu";
  }
  return name;
}

function load(): Native {
  const name = platform();
  // A clone's build puts its binary here; a published package has no such directory.
  const built = join(__dirname, "..", "native", `kevy.${name}.node`);
  if (existsSync(built)) {
    return require(built) as Native;
  }
  const published = `@kevy/${name}`;
  try {
    return require(published) as Native;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") {
      throw error;
    }
    throw new Error(
      `kevy has no native module for ${name}: neither the package ${published} nor ${built} is there. ` +
        "If your platform has a prebuilt binary, install without --omit=optional; " +
        "else build it from a clone of kevy: cd bindings/node && npm ci --ignore-scripts && npm run build (needs Rust).",
      { cause: error },
    );
  }
}

/** @internal */
export const native: Native = load();
