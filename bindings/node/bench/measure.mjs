// Paired measurement: the contestants take turns in short slices, so that whatever else the machine does meets all of
// them; the median of the slices counts.

/** Compiles a loop of its own for each operation, so that no call site is shared between contestants. */
function looped(operation) {
  const source = `let sink;
    return function loop(count) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < count; i++) sink = operation(i);
      return Number(process.hrtime.bigint() - start) / count;
    };`;
  return new Function("operation", "process", source)(operation, process);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Nanoseconds per operation of each contestant: `{ name: (i) => … }`. `perCall` says how many operations one call is.
 */
export function compare(contestants, { slices = 301, count = 4_000, perCall = 1 } = {}) {
  const loops = Object.entries(contestants).map(([name, operation]) => [name, looped(operation), []]);
  for (let warm = 0; warm < 20; warm++) {
    for (const [, loop] of loops) loop(count);
  }
  for (let slice = 0; slice < slices; slice++) {
    for (const [, loop, times] of loops) times.push(loop(count) / perCall);
  }
  return Object.fromEntries(loops.map(([name, , times]) => [name, median(times)]));
}

/** As `compare` for operations that return promises. */
export async function compareAsync(contestants, { slices = 9, count = 2_000 } = {}) {
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let slice = -2; slice < slices; slice++) {
    for (const [name, operation] of Object.entries(contestants)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < count; i++) await operation(i);
      if (slice >= 0) times[name].push(Number(process.hrtime.bigint() - start) / count);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}
