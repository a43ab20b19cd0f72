// Commands on a runtime.

import type { Arg, Command, Key, Several, WithBuffers } from "./command.js";
import {
  blocking,
  type BlockingMethods,
  blockingReads,
  type BlockingReads,
  hasBlock,
  splitSignal,
  type WaitOptions,
} from "./commands/blocking.js";
import { TEXT, VALUES } from "./commands/index.js";
import type { StreamValues } from "./commands/stream.js";
import { Executor } from "./executor.js";
import type { NativeSession } from "./native.js";
import { ready, take } from "./pool.js";
import { type SubscribeVerb, Subscription } from "./subscription.js";

/**
 * A session of a runtime: its database, and the keys it watches. For the thread that opened it.
 *
 * Commands that wait, such as BLPOP, give promises: they run in the session's database, but on a client of their own,
 * so that the session goes on meanwhile. They are not part of a transaction that was begun with `call("MULTI")`.
 */
export interface Session extends BlockingMethods<"text">, WithBuffers<BlockingMethods<"buffer">> {
  xread: BlockingReads<"text">["xread"] & StreamValues<"text">["xread"];
  xreadBuffer: BlockingReads<"buffer">["xread"] & StreamValues<"buffer">["xread"];
  xreadgroup: BlockingReads<"text">["xreadgroup"] & StreamValues<"text">["xreadgroup"];
  xreadgroupBuffer: BlockingReads<"buffer">["xreadgroup"] & StreamValues<"buffer">["xreadgroup"];
}

export class Session extends Executor {
  readonly #wait: NativeSession["wait"];

  readonly #runtimeId: number;

  private constructor(session: NativeSession, runtimeId: number) {
    if (session === undefined) {
      throw new TypeError("a Session is opened by a runtime: runtime.session()");
    }
    super(session);
    this.#wait = session.wait;
    this.#runtimeId = runtimeId;
  }

  /** @internal What {@link Runtime.session} calls. */
  static of(session: NativeSession, runtimeId: number): Session {
    return new Session(session, runtimeId);
  }

  /**
   * Subscribes to channels: an asynchronous iterator of their messages. It has a session of its own, and commands go on
   * here.
   */
  subscribe(...channels: Several<Key>): Subscription {
    return this.#follow("SUBSCRIBE", channels, true);
  }

  /** As {@link subscribe}, with Buffers. */
  subscribeBuffer(...channels: Several<Key>): Subscription<Buffer> {
    return this.#follow("SUBSCRIBE", channels, false);
  }

  /** Subscribes to patterns: an asynchronous iterator of the messages of all channels that match one. */
  psubscribe(...patterns: Several<Key>): Subscription {
    return this.#follow("PSUBSCRIBE", patterns, true);
  }

  /** As {@link psubscribe}, with Buffers. */
  psubscribeBuffer(...patterns: Several<Key>): Subscription<Buffer> {
    return this.#follow("PSUBSCRIBE", patterns, false);
  }

  /** Subscribes to shard channels: an asynchronous iterator of their messages. */
  ssubscribe(...channels: Several<Key>): Subscription {
    return this.#follow("SSUBSCRIBE", channels, true);
  }

  /** As {@link ssubscribe}, with Buffers. */
  ssubscribeBuffer(...channels: Several<Key>): Subscription<Buffer> {
    return this.#follow("SSUBSCRIBE", channels, false);
  }

  #follow<T extends string | Buffer>(verb: SubscribeVerb, names: Several<Key>, asText: boolean): Subscription<T> {
    return Subscription.open<T>(this.#runtimeId, asText, verb, names);
  }

  /**
   * Waits until `replicas` replicas have received everything written so far, at most `timeoutMs` milliseconds (0: for
   * ever), and gives how many have. (`call("WAIT", …)` would wait too, and this thread with it.)
   */
  wait(replicas: number, timeoutMs: number, options: WaitOptions = {}): Promise<number> {
    return this.#start({ argv: ["WAIT", replicas, timeoutMs] }, TEXT, options.signal) as Promise<number>;
  }

  /**
   * Waits until everything written so far is durable here (`local` 1) and on `replicas` replicas, and gives how many
   * logs and how many replicas have it.
   */
  waitaof(local: number, replicas: number, timeoutMs: number, options: WaitOptions = {}): Promise<[number, number]> {
    const argv: Arg[] = ["WAITAOF", local, replicas, timeoutMs];
    return this.#start({ argv }, TEXT, options.signal) as Promise<[number, number]>;
  }

  async #start({ argv, decode }: Command<unknown>, mode: number, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    let abort: (() => void) | undefined;
    try {
      const finish = await new Promise<() => unknown>((resolve) => {
        abort = this.#wait(mode, resolve, ...argv);
        signal?.addEventListener("abort", abort, { once: true });
      });
      ready();
      const reply = finish();
      const result = reply === undefined ? take() : reply;
      return decode === undefined ? result : decode(result);
    } catch (error) {
      // What was taken before the signal came is a result.
      throw signal?.aborted === true && (error as { code?: unknown }).code === "INTERRUPTED" ? signal.reason : error;
    } finally {
      if (abort !== undefined) {
        signal?.removeEventListener("abort", abort);
      }
    }
  }

  static {
    const define = (name: string, value: (this: Session, ...args: unknown[]) => unknown): void => {
      Object.defineProperty(value, "name", { value: name });
      Object.defineProperty(this.prototype, name, { value, writable: true, configurable: true });
    };
    const builders = Object.entries({ ...blocking, ...blockingReads });
    for (const [name, build, mode] of builders.flatMap(([name, build]) => [
      [name, build, TEXT] as const,
      [`${name}Buffer`, build, VALUES] as const,
    ])) {
      const atOnce = (Executor.prototype as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      define(name, function (...args) {
        if (atOnce !== undefined && !hasBlock(args)) {
          return atOnce.apply(this, args);
        }
        const [rest, signal] = splitSignal(args);
        return this.#start(build(...rest), mode, signal);
      });
    }
  }
}
