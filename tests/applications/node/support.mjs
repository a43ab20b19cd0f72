// What the tests of Node's clients share: where the server is, and waiting for a condition.

import { setImmediate as turn } from "node:timers/promises";

export const port = Number(process.env.KEVY_PORT);

const DEADLINE_MS = 30_000;

/** Asks `condition` until it answers something true, and returns that. */
export async function eventually(condition, what) {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await turn();
  }
}

/** A promise with the functions that settle it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}
