// Promises for what the native module has not got yet.

/** Someone who waits for a value. */
export interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * A promise whose ends are added to `waiters`. Where `signal` aborts it is taken out of there again, `left` is called, and
 * it is rejected with the signal's reason.
 */
export function waiting<T>(waiters: Waiter<T>[], signal: AbortSignal | undefined, left: () => void): Promise<T> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const waiter: Waiter<T> = { resolve, reject };
    if (signal !== undefined) {
      const abort = (): void => {
        waiters.splice(waiters.indexOf(waiter), 1);
        left();
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      waiter.resolve = (value) => {
        signal.removeEventListener("abort", abort);
        resolve(value);
      };
      waiter.reject = (error) => {
        signal.removeEventListener("abort", abort);
        reject(error);
      };
    }
    waiters.push(waiter);
  });
}
