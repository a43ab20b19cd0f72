// Messages of channels.

import "./dispose.js";
import type { Key, Several } from "./command.js";
import type { WaitOptions } from "./commands/blocking.js";
import { ClosedError, fromNative, guard } from "./errors.js";
import { native, type NativeSubscription } from "./native.js";
import { type Waiter, waiting } from "./waiting.js";

/** A message, its strings as the subscription has them: text or Buffers. */
export interface Message<T extends string | Buffer = string> {
  /** How it was subscribed to: to the channel, to a pattern, or to a shard channel. */
  readonly type: "message" | "pmessage" | "smessage";
  /** The pattern that the channel matches; null where it was not subscribed to by one. */
  readonly pattern: T | null;
  readonly channel: T;
  readonly data: T;
}

/** @internal How a subscription begins. */
export type SubscribeVerb = "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE";

/** What the native module calls. It must not hold the subscription, so that one that nobody else holds is collected. */
function waker(reference: WeakRef<{ wake(): void }>): () => void {
  return () => reference.deref()?.wake();
}

const bytes = (name: Key): Uint8Array => (typeof name === "string" ? Buffer.from(name) : name);

/**
 * Messages of the channels and patterns that it is subscribed to. It has a session of its own, so the session that made it
 * goes on with commands.
 *
 * ```js
 * for await (const { channel, data } of db.subscribe("news")) { … }
 * ```
 *
 * Nothing waits for messages but the event loop. The process stays alive while somebody waits. Messages that are not taken
 * pile up to the `pubsub` class of `client-output-buffer-limit`; then the subscription ends with a {@link ClosedError}.
 */
export class Subscription<T extends string | Buffer = string> implements AsyncIterable<Message<T>> {
  readonly #native: NativeSubscription;
  readonly #waiters: Waiter<Message<T> | null>[] = [];
  readonly #waker = { wake: (): void => this.#drain() };
  #isClosed = false;

  private constructor(runtimeId: number, asText: boolean) {
    this.#native = guard(() => native.openSubscription(runtimeId, asText, waker(new WeakRef(this.#waker))));
  }

  /** @internal What {@link Session.subscribe} and its kin call. */
  static open<T extends string | Buffer>(
    runtimeId: number,
    asText: boolean,
    verb: SubscribeVerb,
    names: Several<Key>,
  ): Subscription<T> {
    const subscription = new Subscription<T>(runtimeId, asText);
    try {
      subscription.#change(verb, names);
    } catch (error) {
      subscription.close();
      throw error;
    }
    return subscription;
  }

  /** Subscribes to further channels. */
  subscribe(...channels: Several<Key>): void {
    this.#change("SUBSCRIBE", channels);
  }

  /** Subscribes to further patterns. */
  psubscribe(...patterns: Several<Key>): void {
    this.#change("PSUBSCRIBE", patterns);
  }

  /** Subscribes to further shard channels. */
  ssubscribe(...channels: Several<Key>): void {
    this.#change("SSUBSCRIBE", channels);
  }

  /** Ends subscriptions to channels, all of them where none is named. */
  unsubscribe(...channels: Several<Key>): void {
    this.#change("UNSUBSCRIBE", channels);
  }

  /** Ends subscriptions to patterns, all of them where none is named. */
  punsubscribe(...patterns: Several<Key>): void {
    this.#change("PUNSUBSCRIBE", patterns);
  }

  /** Ends subscriptions to shard channels, all of them where none is named. */
  sunsubscribe(...channels: Several<Key>): void {
    this.#change("SUNSUBSCRIBE", channels);
  }

  /** The next message that is at hand; null where there is none. */
  take(): Message<T> | null {
    this.#check();
    return this.#take();
  }

  /** The next message; null once the subscription is closed. */
  async next({ signal }: WaitOptions = {}): Promise<Message<T> | null> {
    this.#check();
    const message = waiting(this.#waiters, signal, () => this.#hold());
    this.#drain();
    return message;
  }

  /** Messages until the subscription is closed. */
  async *messages(options: WaitOptions = {}): AsyncGenerator<Message<T>, void, undefined> {
    while (!this.#isClosed) {
      const message = await this.next(options);
      if (message === null) {
        return;
      }
      yield message;
    }
  }

  /** Messages until the subscription is closed; a loop that is left closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message<T>, void, undefined> {
    try {
      yield* this.messages();
    } finally {
      this.close();
    }
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** Ends it. Waits under way give null; later ones throw a {@link ClosedError}. Closing again does nothing. */
  close(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#native.close();
    for (const waiter of this.#waiters.splice(0)) {
      waiter.resolve(null);
    }
    this.#hold();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #check(): void {
    if (this.#isClosed) {
      throw new ClosedError("CLOSED", "the subscription is closed");
    }
  }

  #change(verb: string, names: Several<Key>): void {
    this.#check();
    guard(() => this.#native.change(verb, (names as readonly unknown[]).flat().map((name) => bytes(name as Key))));
  }

  #take(): Message<T> | null {
    const parts = guard(() => this.#native.take()) as T[] | null;
    if (parts === null) {
      return null;
    }
    const type = String(parts[0]) as Message["type"];
    const [pattern, channel, data] = type === "pmessage" ? parts.slice(1) : [null, ...parts.slice(1)];
    return { type, pattern: pattern as T | null, channel: channel!, data: data! };
  }

  /** Hands out what is there, and asks to be woken for what is still wanted. */
  #drain(): void {
    try {
      do {
        while (this.#waiters.length > 0) {
          const message = this.#take();
          if (message === null) {
            break;
          }
          this.#waiters.shift()!.resolve(message);
        }
      } while (this.#waiters.length > 0 && !this.#native.listen());
    } catch (error) {
      // Whoever waits learns why nothing comes any more.
      for (const waiter of this.#waiters.splice(0)) {
        waiter.reject(fromNative(error));
      }
    }
    this.#hold();
  }

  /** The process stays alive while somebody waits. */
  #hold(): void {
    this.#native.hold(this.#waiters.length > 0);
  }
}
