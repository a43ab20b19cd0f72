// How ioredis is given a socket of this process.

import { Socket } from "node:net";

/**
 * A class of the form that ioredis calls a connector. Its own type for that is an abstract class with protected members,
 * which no other class can have.
 */
export type Connector = new (options: unknown) => any;

/** Milliseconds after which a stream that was asked to end is destroyed. */
const END_TIMEOUT_MS = 2000;

/** @internal A connector whose every connection is a new socket pair. */
export function connectorOf(runtime: { connectFd(): number }): Connector {
  return class {
    connecting = false;
    #stream: Socket | undefined;

    check(): boolean {
      return true;
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      this.#stream = new Socket({ fd: runtime.connectFd(), readable: true, writable: true });
      return this.#stream;
    }

    disconnect(): void {
      this.connecting = false;
      const stream = this.#stream;
      if (stream !== undefined && !stream.destroyed) {
        const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
        stream.once("close", () => clearTimeout(timer));
        stream.end();
      }
    }
  };
}
