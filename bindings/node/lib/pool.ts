// Small Buffers are cut from a larger one, as Node's own are. The native module writes a value behind the last one
// and notes in `place` where it is; nothing is written twice, so a Buffer never changes behind its owner.

import { markAsUntransferable } from "node:worker_threads";
import { makeError } from "./errors.js";
import { native } from "./native.js";

const POOL_BYTES = 32 << 10;
/** The longest value that the native module puts in a pool. */
const POOLED_MAX = 4 << 10;

const place = new Int32Array(2);
let pool: Buffer = Buffer.alloc(0);
let memory: ArrayBuffer = new ArrayBuffer(0);

function refill(): void {
  pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  memory = pool.buffer as ArrayBuffer;
  // Whoever transfers one small Buffer to a worker must not take the others along.
  markAsUntransferable(memory);
  native.setPool(pool);
}

/** @internal Before a call that may leave a Buffer in the pool: replaces a pool whose memory was taken away. */
export function ready(): void {
  if (pool.length === 0) {
    refill();
  }
}

/** @internal The Buffer that the last call left in the pool. */
export function take(): Buffer {
  const start = place[0]!;
  const length = place[1]!;
  const buffer = Buffer.from(memory, start, length);
  if (start + length > POOL_BYTES - POOLED_MAX - 8) {
    refill();
  }
  return buffer;
}

native.setup(makeError, take, place);
