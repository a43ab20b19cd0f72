// Commands on a runtime.

import type { Arg, Command, WithBuffers } from "./command.js";
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

  private constructor(session: NativeSession) {
    super(session);
    this.#wait = session.wait;
  }

  /** @internal What {@link Runtime.session} calls. */
  static of(session: NativeSession): Session {
    return new Session(session);
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
