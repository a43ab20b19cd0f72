// A copy of a primary in this process, to read from.

import { fromNative } from "./errors.js";
import { native } from "./native.js";
import { pairs, prefixList, type RuntimeOptions } from "./options.js";
import { Runtime } from "./runtime.js";

/** Options of a mirror, beside those of a runtime. */
export interface MirrorOptions extends RuntimeOptions {
  /**
   * The primary: `kevy://host:port`, `redis://host:port`, `sentinel://host:port/name`. Where one of Redis or Valkey forbids
   * PSYNC, as managed services do, one database is scanned and tracked, which is weaker: `INFO replication` then says
   * `replica_guarantee:weaker`.
   */
  url: string;
  /** Copies only keys that begin with one of these. */
  prefixes?: readonly string[];
  /** Milliseconds by which the copy may lie behind before reads fail. */
  maxStalenessMs?: number;
}

/**
 * A read-only copy of a primary, kept up to date by its stream and read at the speed of memory. Until the first snapshot
 * is in place it is empty: {@link Runtime.waitSynced} waits for that. Writes throw a `ReadOnlyError`.
 */
export class Mirror extends Runtime {
  /** Starts to follow a primary; one that is not there is waited for. */
  static override async start(options: MirrorOptions, { onLoad }: NonNullable<Parameters<typeof Runtime.start>[1]> = {}): Promise<Mirror> {
    const { url, prefixes = [], maxStalenessMs, ...rest } = options;
    let source = url;
    for (const prefix of prefixList(prefixes)) {
      source += `${source.includes("?") ? "&" : "?"}prefix=${encodeURIComponent(prefix)}`;
    }
    // Sentinels are not told of a copy inside a program, and never promote it.
    const own = { "replica-priority": 0, "replica-announced": false, ...rest } as RuntimeOptions;
    const list = pairs(own);
    if (maxStalenessMs !== undefined) list.push(["max-staleness", String(Math.round(maxStalenessMs))]);
    list.push(["replicaof", source]);
    try {
      return new Mirror(await native.start(list, onLoad), false, own);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** As {@link Runtime.waitToken}. */
  wait(token: string, timeoutMs?: number): Promise<boolean> {
    return this.waitToken(token, timeoutMs);
  }
}
