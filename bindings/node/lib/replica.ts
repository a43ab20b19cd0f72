// Following a primary.

import "./dispose.js";
import { ClosedError, fromNative, guard, InterruptedError, InvalidArgumentError } from "./errors.js";
import { type NativeFrames, type NativeReplica, native } from "./native.js";
import { type OptionValue, pairs, prefixList } from "./options.js";
import type { Runtime } from "./runtime.js";
import type { WaitOptions } from "./commands/blocking.js";
import { type Waiter, waiting } from "./waiting.js";

/** What a frame is. */
export type FrameKind =
  | "snapshot-begin"
  | "entry"
  | "snapshot-end"
  | "command"
  | "txn-begin"
  | "txn-end"
  | "bookmark"
  | "resync"
  | "link";

const KINDS: readonly (FrameKind | undefined)[] = [
  undefined,
  "snapshot-begin",
  "entry",
  "snapshot-end",
  "command",
  "txn-begin",
  "txn-end",
  "bookmark",
  "resync",
  "link",
];

/** Numbers that each frame has in a batch's table. */
const HEAD = 8;

/**
 * One frame. A loop that applies the `argv` of every `entry` and `command` to database `db`, and drops everything at
 * `snapshot-begin`, holds a true copy.
 */
export class Frame {
  readonly #frames: NativeFrames;
  readonly #at: number;

  /** @internal */
  constructor(frames: NativeFrames, index: number) {
    this.#frames = frames;
    this.#at = index * HEAD;
  }

  /** What it is. */
  get kind(): FrameKind {
    return KINDS[this.#head(0)] ?? "link";
  }

  /** The shard of the primary it comes from; of a transaction, the first. */
  get shard(): number {
    return this.#head(2);
  }

  /** The database that the command is for. */
  get db(): number {
    return this.#head(3);
  }

  /** The offset in the stream of that shard; 0 for an entry. */
  get offset(): bigint {
    return (BigInt(this.#head(5)) << 32n) | BigInt(this.#head(4));
  }

  /** The command: empty for any other kind than entries and commands. The Buffers lie over the batch's memory. */
  get argv(): Buffer[] {
    return this.kind === "resync" || this.kind === "link" ? [] : this.#parts();
  }

  /** Why: of a resync, and of a link that went down. */
  get reason(): string {
    return this.kind === "resync" || this.kind === "link" ? (this.#parts()[0]?.toString() ?? "") : "";
  }

  /** Whether the link is up. */
  get up(): boolean {
    return this.#head(1) === 1;
  }

  #head(field: number): number {
    return this.#frames.table[this.#at + field]!;
  }

  #parts(): Buffer[] {
    const { bytes, table } = this.#frames;
    const first = this.#head(6);
    const count = this.#head(7);
    // What comes before the first end of the first frame is a head, and its arguments begin at 0.
    let start = first === this.#frames.length * HEAD ? 0 : table[first - 1]!;
    const parts = new Array<Buffer>(count);
    for (let i = 0; i < count; i++) {
      const end = table[first + i]!;
      parts[i] = bytes.subarray(start, end);
      start = end;
    }
    return parts;
  }
}

/** Frames that arrived together. Each is read when it is looked at. */
export class Batch implements Iterable<Frame> {
  readonly #frames: NativeFrames;

  /** @internal */
  constructor(frames: NativeFrames) {
    this.#frames = frames;
  }

  /** How many frames there are. */
  get length(): number {
    return this.#frames.length;
  }

  /** Bytes of all arguments together. */
  get byteLength(): number {
    return this.#frames.bytes.length;
  }

  /** The position after the last frame: keep it with what was applied, and begin there the next time. */
  get cursor(): Buffer {
    return this.#frames.cursor;
  }

  /** Frame number `index`; negative numbers count from the end. */
  at(index: number): Frame | undefined {
    const at = index < 0 ? index + this.length : index;
    return Number.isInteger(at) && at >= 0 && at < this.length ? new Frame(this.#frames, at) : undefined;
  }

  *[Symbol.iterator](): Generator<Frame, void, undefined> {
    for (let i = 0; i < this.length; i++) {
      yield new Frame(this.#frames, i);
    }
  }
}

/** What a replica has done since it was opened. */
export interface ReplicaStats {
  /** Whether the primary is connected and has taken the handshake. */
  readonly up: boolean;
  /** Connections made. */
  readonly connections: number;
  /** Milliseconds since the primary was last heard of; null if never. */
  readonly silentMs: number | null;
  /** Frames of the stream that were handed out, with those that mark transactions and databases. */
  readonly frames: number;
  /** Entries of snapshots that were handed out. */
  readonly entries: number;
  /** Bytes received. */
  readonly bytes: number;
  readonly transactions: number;
  readonly snapshots: number;
  /** How often a position could not be continued. */
  readonly resyncs: number;
  /**
   * Whether the primary forbids to be followed by its stream, so that its keys are scanned and tracked: for each key the last
   * value arrives, but not those in between, nor transactions.
   */
  readonly weaker: boolean;
}

/**
 * Options of a replica. Exactly one of `url`, `fd` and `runtime` says where the primary is; the others have the names
 * that the reference page lists, also in camel case.
 */
export interface ReplicaOptions {
  /**
   * `kevy://[user:password@]host[:port]` or `kevy+unix:///path`; for Redis and Valkey `redis://host:port` or
   * `sentinel://host:port/name`. With `kevys`, `rediss` or `valkeys` the link is encrypted.
   */
  url?: string;
  /** Encrypted: the file with the certificates of those trusted to say who the primary is; by default the system's. */
  tlsCaCertFile?: string;
  /** Encrypted: a directory of such files. */
  tlsCaCertDir?: string;
  /** Encrypted: the file with the certificate that is shown to the primary. */
  tlsCertFile?: string;
  /** Encrypted: the file with the private key of that certificate. */
  tlsKeyFile?: string;
  /** Encrypted: the name that the primary must prove to have; by default the host of the URL. */
  tlsServerName?: string;
  /** Hands out only values of these types, as TYPE names them and joined by commas. For a kevy primary, which sends no others. */
  type?: string;
  /** Whether a kevy primary sends blocks with checksums, so that what is damaged on the way is sent again. */
  batches?: boolean;
  /** How a kevy primary packs these blocks where that pays; brings blocks with it. */
  compression?: "none" | "lz4" | "zstd";
  /** Hands out only commands for this database. */
  database?: number;
  /** The name to authenticate to Sentinels with. */
  sentinelUser?: string;
  /** The password to authenticate to Sentinels with. */
  sentinelPassword?: string;
  /** Hands out only keys that begin with one of these, and commands on them. A kevy primary sends no others. */
  prefixes?: readonly string[];
  /** A connected socket. The replica uses a copy of the descriptor; when the connection ends, so does the replica. */
  fd?: number;
  /** A runtime of this process. */
  runtime?: Runtime;
  /** Where to begin: the cursor of the last batch that was applied. Without it a snapshot comes first. */
  cursor?: Uint8Array | undefined;
  /** The name under which the primary keeps this replica's place. */
  id?: string;
  /**
   * How Redis and Valkey are followed. `psync`: by their stream. `scan`: by scanning and tracking the keys of one database,
   * which is weaker. `auto`, where it is not given: `scan` where psync is forbidden, as managed services do.
   */
  follow?: "auto" | "psync" | "scan";
  /** `auto`: asking for more confirms what came before. `manual`: only {@link Replica.ack} does. */
  acknowledge?: "auto" | "manual";
  /** Frames that a batch holds at most: 1024 where it is not given. */
  batchFramesMax?: number;
  /** Batches that are fetched ahead: 4 where it is not given. Beyond that the link waits. */
  batchesMax?: number;
  [name: string]: OptionValue | Runtime | Uint8Array;
}

/**
 * What the native module calls. It must not hold the replica, or one that nobody else holds would never be collected:
 * so this is a function of its own, whose variables hold nothing else.
 */
function waker(reference: WeakRef<Replica>, drain: (replica: Replica) => void): () => void {
  return () => {
    const replica = reference.deref();
    if (replica !== undefined) {
      drain(replica);
    }
  };
}

/**
 * A primary's snapshot and then every change, from where the last run stopped.
 *
 * ```js
 * for await (const batch of new Replica({ url: "kevy://db:6379", cursor })) {
 *   for (const frame of batch) { … }
 *   save(batch.cursor);
 * }
 * ```
 *
 * The link is made with the first wait and made again when it is lost. The process stays alive while somebody waits.
 */
export class Replica implements AsyncIterable<Batch> {
  readonly #native: NativeReplica;
  readonly #isAuto: boolean;
  readonly #waiters: Waiter<Batch | null>[] = [];
  readonly #stats: { resolve(stats: ReplicaStats): void; reject(error: unknown): void }[] = [];
  #cursor: Buffer;
  #acked: Buffer;
  #isClosed = false;
  /** The batch that {@link next} takes frames of. */
  #current: Iterator<Frame> | undefined;

  constructor(options: ReplicaOptions) {
    const { url, fd, runtime, cursor, batchFramesMax = 1024, batchesMax = 4, acknowledge = "auto", ...others } = options;
    const { prefixes = [], ...rest } = others;
    if ([url, fd, runtime].filter((source) => source !== undefined).length !== 1) {
      throw new InvalidArgumentError("INVALID_ARGUMENT", "a replica takes one of url, fd and runtime");
    }
    for (const [name, value] of Object.entries({ batchFramesMax, batchesMax })) {
      if (!Number.isInteger(value) || value < 1 || value > 0xffffffff) {
        throw new InvalidArgumentError("INVALID_ARGUMENT", `${name}: ${value} is not a whole number from 1 on`);
      }
    }
    if (acknowledge !== "auto" && acknowledge !== "manual") {
      throw new InvalidArgumentError("INVALID_ARGUMENT", `acknowledge: '${acknowledge}' is not 'auto' or 'manual'`);
    }
    this.#isAuto = acknowledge === "auto";
    this.#cursor = Buffer.from(cursor ?? []);
    this.#acked = this.#cursor;
    // The thread fetches ahead, so its asking for more confirms nothing.
    const list = pairs({ ...(rest as Record<string, OptionValue>), source: url, acknowledge: "manual" });
    list.push(...prefixList(prefixes).map((prefix): [string, string] => ["prefix", prefix]));
    const wake = waker(new WeakRef(this), Replica.#wake);
    const source = { fd: fd ?? null, runtimeId: runtime?.id ?? null };
    this.#native = guard(() =>
      native.openReplica(list, source.fd, source.runtimeId, this.#cursor, batchFramesMax, batchesMax, wake),
    );
  }

  /**
   * The position after the last batch that was handed out, or after the one before while {@link next} goes through a
   * batch. Empty until a snapshot was whole. To keep a position for every frame, set `batchFramesMax` to 1.
   */
  get cursor(): Buffer {
    return this.#cursor;
  }

  /** The next batch; null once the replica is closed. Rejections leave the replica usable: asking again tries again. */
  async nextBatch({ signal }: WaitOptions = {}): Promise<Batch | null> {
    this.#current = undefined;
    return this.#advance(signal);
  }

  /** The next frame; null once the replica is closed. */
  async next({ signal }: WaitOptions = {}): Promise<Frame | null> {
    for (;;) {
      const step = this.#current?.next();
      if (step !== undefined && step.done !== true) {
        return step.value;
      }
      const batch = await this.#advance(signal);
      if (batch === null) {
        return null;
      }
      this.#current = batch[Symbol.iterator]();
    }
  }

  /** Batches until the replica is closed. */
  async *batches(options: WaitOptions = {}): AsyncGenerator<Batch, void, undefined> {
    for (let batch = await this.nextBatch(options); batch !== null; batch = await this.nextBatch(options)) {
      yield batch;
    }
  }

  /** Frames until the replica is closed. */
  async *frames(options: WaitOptions = {}): AsyncGenerator<Frame, void, undefined> {
    for (let frame = await this.next(options); frame !== null; frame = await this.next(options)) {
      yield frame;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.batches();
  }

  /** Tells the primary that everything before `cursor`, by default all that was handed out, has been applied. */
  ack(cursor: Uint8Array = this.#cursor): void {
    this.#check();
    if (cursor.length > 0) {
      this.#acked = Buffer.from(cursor);
      this.#native.ack(cursor);
    }
  }

  /** Counters of the link. */
  async stats(): Promise<ReplicaStats> {
    this.#check();
    return new Promise((resolve, reject) => {
      this.#stats.push({ resolve, reject });
      this.#native.askStats();
      this.#drain();
    });
  }

  /** Every wait under way rejects with an {@link InterruptedError}. */
  interrupt(): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.reject(new InterruptedError("INTERRUPTED", "the wait for frames was interrupted"));
    }
    this.#hold();
  }

  /** Ends the link. Waits under way give null; later ones throw a {@link ClosedError}. Closing again does nothing. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#native.close();
    for (const waiter of this.#waiters.splice(0)) {
      waiter.resolve(null);
    }
    for (const waiter of this.#stats.splice(0)) {
      waiter.reject(new ClosedError("CLOSED", "the replica is closed"));
    }
    this.#hold();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  static #wake(replica: Replica): void {
    replica.#drain();
  }

  #check(): void {
    if (this.#isClosed) {
      throw new ClosedError("CLOSED", "the replica is closed");
    }
  }

  #advance(signal: AbortSignal | undefined): Promise<Batch | null> {
    this.#check();
    signal?.throwIfAborted();
    if (this.#isAuto && !this.#cursor.equals(this.#acked)) {
      this.ack();
    }
    const batch = waiting(this.#waiters, signal, () => this.#hold());
    this.#drain();
    return batch;
  }

  /** Hands out what is there, and asks to be woken for what is still wanted. */
  #drain(): void {
    do {
      this.#deliver();
    } while (this.#isWaiting() && !guard(() => this.#native.listen(this.#waiters.length > 0, this.#stats.length > 0)));
    this.#hold();
  }

  #deliver(): void {
    while (this.#waiters.length > 0) {
      const item = this.#native.take();
      if (item === null) {
        break;
      }
      const waiter = this.#waiters.shift()!;
      if (item.frames) {
        const batch = new Batch(item.frames);
        this.#cursor = batch.cursor;
        waiter.resolve(batch);
      } else {
        waiter.reject(fromNative(new Error(item.failure)));
      }
    }
    while (this.#stats.length > 0) {
      const stats = this.#native.takeStats();
      if (stats === null) {
        break;
      }
      this.#stats.shift()!.resolve({ ...stats, silentMs: stats.silentMs ?? null });
    }
  }

  #isWaiting(): boolean {
    return !this.#isClosed && this.#waiters.length + this.#stats.length > 0;
  }

  /** The process stays alive while somebody waits. */
  #hold(): void {
    this.#native.hold(this.#isWaiting());
  }
}
