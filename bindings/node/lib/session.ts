// Commands on a runtime.

import { fromNative, guard } from "./errors.js";
import { Executor } from "./executor.js";
import { native, type NativeSession } from "./native.js";

/** What every wait takes. */
export interface WaitOptions {
  /** Ends the wait: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A session of a runtime: its database, and the keys it watches. For the thread that opened it. */
export class Session extends Executor {
  readonly #runtimeId: number;

  private constructor(session: NativeSession, runtimeId: number) {
    super(session);
    this.#runtimeId = runtimeId;
  }

  /** @internal What {@link Runtime.session} calls. */
  static of(session: NativeSession, runtimeId: number): Session {
    return new Session(session, runtimeId);
  }

  /**
   * Waits until `replicas` replicas have received everything written so far, at most `timeoutMs` milliseconds (0: for
   * ever), and gives how many have. (`call("WAIT", …)` would wait too, and this thread with it.)
   */
  async wait(replicas: number, timeoutMs: number, options: WaitOptions = {}): Promise<number> {
    const [received] = await this.#wait(["WAIT", replicas, timeoutMs], options);
    return received!;
  }

  /**
   * Waits until everything written so far is durable here (`local` 1) and on `replicas` replicas, and gives how many
   * logs and how many replicas have it.
   */
  async waitaof(local: number, replicas: number, timeoutMs: number, options: WaitOptions = {}): Promise<[number, number]> {
    const [here, there] = await this.#wait(["WAITAOF", local, replicas, timeoutMs], options);
    return [here!, there!];
  }

  #wait(argv: (string | number)[], { signal }: WaitOptions): Promise<number[]> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => wait.interrupt();
      const wait = guard(() =>
        native.startWait(this.#runtimeId, argv.map(String), ({ numbers, failure }) => {
          signal?.removeEventListener("abort", abort);
          if (numbers) {
            resolve(numbers);
          } else {
            reject(signal?.aborted === true ? signal.reason : fromNative(new Error(failure)));
          }
        }),
      );
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
