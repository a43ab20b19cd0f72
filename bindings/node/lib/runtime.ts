// A running keyspace.

import { type Connector, connectorOf } from "./connector.js";
import { fromNative, guard, InvalidOptionError } from "./errors.js";
import { native, type NativeRuntime, type OnLoad, type OpenReport } from "./native.js";
import { pairs, type RuntimeOptions } from "./options.js";
import { Session } from "./session.js";

export type { OnLoad, OpenReport };

/** Milliseconds that connections get to take their last replies. */
const CLOSE_TIMEOUT_MS = 5000;

/** How long one wait of a thread of the pool lasts. */
const WAIT_PIECE_MS = 100;

/**
 * One running instance: shards, core threads, listeners. It does not keep the process alive by itself.
 *
 * A runtime that nobody closes ends with the process or when it is collected; what it holds is lost then.
 */
export class Runtime {
  readonly #native: NativeRuntime;
  readonly #isAttached: boolean;
  /** The TCP port it listens on, which the system chose where the option was 0; null without one. */
  readonly port: number | null;
  /** How many shards the keyspace has. */
  readonly shards: number;
  /** Its number in this process, for {@link Runtime.attach}. */
  readonly id: number;
  readonly #options: RuntimeOptions;
  #closing: Promise<void> | undefined;

  /** {@link Runtime.start} makes one. */
  protected constructor(...none: never[]);
  /** @internal */
  protected constructor(runtime: NativeRuntime, isAttached: boolean, options: RuntimeOptions);
  protected constructor(runtime: NativeRuntime, isAttached: boolean, options: RuntimeOptions) {
    // JavaScript does not know that the constructor is none of its business.
    if (typeof runtime?.wait !== "function") {
      throw new TypeError(`a ${new.target.name} is started: await ${new.target.name}.start(options)`);
    }
    this.#native = runtime;
    this.#isAttached = isAttached;
    this.#options = options;
    this.port = runtime.port;
    this.shards = runtime.shards;
    this.id = runtime.id;
  }

  /**
   * Starts a runtime. No port is opened unless the options ask for one. `onLoad` is called with the bytes read and those of
   * all files while the runtime reads what its directory keeps; not at all where there is nothing. The last call says that
   * everything was read, and may come when the runtime has started already.
   */
  static async start(options: RuntimeOptions = {}, { onLoad }: { onLoad?: OnLoad } = {}): Promise<Runtime> {
    try {
      return new Runtime(await native.start(pairs(options), onLoad), false, options);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * A runtime that another thread of this process has started, by its {@link id}. Closing it lets go of it only; the
   * runtime lives as long as the thread that started it.
   */
  static attach(id: number): Runtime {
    return guard(() => new Runtime(native.attach(id), true, {}));
  }

  /** The place after everything that has been written here, for a mirror's `wait`. */
  get token(): string {
    return guard(() => this.#native.token);
  }

  /** Milliseconds by which the copy of a primary may lie behind it: null while there is none, 0 on a primary. */
  get stalenessMs(): number | null {
    return guard(() => this.#native.staleness);
  }

  /** Waits until the first copy of the primary is whole; false where `timeoutMs` passed before. */
  async waitSynced(timeoutMs = Number.MAX_SAFE_INTEGER): Promise<boolean> {
    return await this.#wait(null, timeoutMs);
  }

  /**
   * Waits until what its writer did before it got `token` can be read here; false where `timeoutMs` passed before. A token is
   * {@link token} or the field `repl_token` of `INFO replication` on a kevy primary, or
   * `<master_replid>:<master_repl_offset>` of Redis and Valkey.
   */
  async waitToken(token: string, timeoutMs = Number.MAX_SAFE_INTEGER): Promise<boolean> {
    return await this.#wait(token, timeoutMs);
  }

  async #wait(token: string | null, timeoutMs: number): Promise<boolean> {
    // A wait holds a thread of the pool, so it is taken in pieces and a close is not kept waiting.
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      try {
        if (await this.#native.wait(token, Math.min(left, WAIT_PIECE_MS))) return true;
      } catch (error) {
        throw fromNative(error);
      }
      if (left <= WAIT_PIECE_MS) return false;
    }
  }

  /** Opens a session that runs commands on the calling thread. */
  session(options: { db?: number } = {}): Session {
    const id = guard(() => this.#native.id);
    const session = Session.of(native.openSession(id), id);
    if (options.db !== undefined) {
      session.select(options.db);
    }
    return session;
  }

  /** What opening found. */
  openReport(): OpenReport {
    return guard(() => this.#native.openReport());
  }

  /**
   * Opens an in-process connection: the other end of the socket is a session. The descriptor is the caller's, for
   * `new net.Socket({ fd })` and the like.
   */
  connectFd(): number {
    return guard(() => this.#native.connect());
  }

  /** Options for ioredis: `new Redis(runtime.ioredis())`. Its connections are socket pairs in this process. */
  ioredis(): { Connector: Connector } {
    return { Connector: connectorOf(this) };
  }

  /**
   * Options for node-redis: `createClient(runtime.nodeRedis())`. It cannot be given a socket, so the runtime must listen
   * (option `unixsocket` or `port`).
   */
  nodeRedis(): { socket: { path: string; tls: false } | { host: string; port: number } } {
    const path = this.#options.unixsocket;
    if (path !== undefined && path !== "") {
      return { socket: { path, tls: false } };
    }
    if (this.port === null) {
      const text = "unixsocket: node-redis takes no socket, so the runtime needs this option or port";
      throw new InvalidOptionError("INVALID_OPTION", text);
    }
    return { socket: { host: "localhost", port: this.port } };
  }

  /**
   * Stops the runtime: no new work is taken, and connections get `timeoutMs` milliseconds to take their last replies.
   * Closing again waits for the same end.
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    try {
      if (!this.#isAttached) {
        await this.#native.stop(timeoutMs);
      }
    } catch (error) {
      throw fromNative(error);
    } finally {
      this.#native.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Begins to close; {@link close} tells when it has. */
  [Symbol.dispose](): void {
    // Whoever wants to know whether it ended in time calls `close`.
    this.close().catch(() => {});
  }
}
