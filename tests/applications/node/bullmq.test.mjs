// BullMQ: queues, delayed and repeated jobs, flows, limits, what becomes of a worker's jobs when it dies.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { deferred, eventually, port } from "./support.mjs";

const connection = { host: "127.0.0.1", port };
const redis = new Redis({ ...connection, lazyConnect: false });
const open = [];
after(async () => {
  await Promise.all(open.map((one) => one.close()));
  await redis.quit();
});

function keep(one) {
  one.on?.("error", () => {});
  open.push(one);
  return one;
}
const queue = (name, options) => keep(new Queue(name, { connection, ...options }));
const worker = (name, work, options) => keep(new Worker(name, work, { connection, drainDelay: 1, ...options }));
async function events(name) {
  const events = keep(new QueueEvents(name, { connection, lastEventId: "0-0" }));
  await events.waitUntilReady();
  return events;
}
const settled = (queue, state, count) => eventually(async () => (await queue.getJobCounts(state))[state] === count, `${count} ${state}`);

test("jobs are done once each by several workers", async () => {
  const jobs = queue("plain");
  const told = await events("plain");
  const seen = [];
  for (let i = 0; i < 3; i++) worker("plain", async (job) => (seen.push(job.data.n), job.data.n * 2), { concurrency: 5 });
  const added = await jobs.addBulk(Array.from({ length: 100 }, (_, n) => ({ name: "double", data: { n } })));
  assert.deepEqual(await Promise.all(added.map((job) => job.waitUntilFinished(told))), added.map((job) => job.data.n * 2));
  assert.deepEqual(seen.sort((a, b) => a - b), added.map((_, n) => n));
  assert.equal((await jobs.getCompleted()).length, 100);
  assert.equal((await jobs.getJob(added[3].id)).returnvalue, 6);
});

test("priorities and the order of arrival are kept", async () => {
  const jobs = queue("priorities");
  await jobs.add("x", "last", { priority: 10 });
  await jobs.add("x", "second", { priority: 5 });
  await jobs.add("x", "first");
  await jobs.add("x", "third", { priority: 5 });
  await jobs.add("x", "zeroth", { lifo: true });
  const seen = [];
  worker("priorities", async (job) => seen.push(job.data));
  await settled(jobs, "completed", 5);
  assert.deepEqual(seen, ["zeroth", "first", "second", "third", "last"]);
});

test("delayed jobs come when they are due, and may be promoted", async () => {
  const jobs = queue("delayed");
  const told = await events("delayed");
  worker("delayed", async (job) => Date.now() - job.timestamp);
  const late = await jobs.add("late", {}, { delay: 400 });
  const promoted = await jobs.add("promoted", {}, { delay: 60_000 });
  assert.equal(await promoted.getState(), "delayed");
  await promoted.promote();
  assert.ok((await promoted.waitUntilFinished(told)) < 30_000);
  assert.ok((await late.waitUntilFinished(told)) >= 400);
});

test("jobs are repeated by a scheduler", async () => {
  const jobs = queue("repeated");
  const seen = [];
  worker("repeated", async (job) => seen.push(job.name));
  await jobs.upsertJobScheduler("often", { every: 100, limit: 3 }, { name: "tick" });
  await jobs.upsertJobScheduler("daily", { pattern: "0 3 * * *", tz: "Europe/Berlin" }, { name: "clean" });
  await eventually(() => seen.length === 3, "three ticks");
  const daily = await jobs.getJobScheduler("daily");
  assert.equal(daily.pattern, "0 3 * * *");
  assert.ok(daily.next > Date.now());
  assert.equal(await jobs.removeJobScheduler("daily"), true);
});

test("failures are tried again with backoff, and given up", async () => {
  const jobs = queue("failing");
  const told = await events("failing");
  worker("failing", async (job) => {
    if (job.name === "hopeless") throw new UnrecoverableError("never");
    if (job.attemptsMade < 2) throw new Error("not yet");
    return job.attemptsMade;
  });
  const again = await jobs.add("flaky", {}, { attempts: 4, backoff: { type: "exponential", delay: 20 } });
  const hopeless = await jobs.add("hopeless", {}, { attempts: 4 });
  assert.equal(await again.waitUntilFinished(told), 2);
  await assert.rejects(hopeless.waitUntilFinished(told), /never/);
  assert.equal(await hopeless.isFailed(), true);
  assert.match((await jobs.getFailed())[0].stacktrace[0], /never/);
});

test("a flow's parent waits for its children", async () => {
  const flows = keep(new FlowProducer({ connection }));
  const told = await events("parents");
  worker("children", async (job) => job.data.n + 1);
  worker("parents", async (job) => Object.values(await job.getChildrenValues()).reduce((a, b) => a + b, 0));
  const children = [1, 2, 3].map((n) => ({ name: "child", queueName: "children", data: { n } }));
  const inner = { name: "inner", queueName: "parents", children: [...children] };
  const { job } = await flows.add({ name: "outer", queueName: "parents", children: [inner, ...children] });
  assert.equal(await job.waitUntilFinished(told), 18);
  assert.equal((await job.getDependenciesCount()).processed, 4);
});

test("a limiter holds jobs back", async () => {
  const jobs = queue("limited");
  const times = [];
  await jobs.addBulk(Array.from({ length: 6 }, () => ({ name: "x", data: 0 })));
  worker("limited", async () => times.push(Date.now()), { limiter: { max: 2, duration: 200 }, concurrency: 6 });
  await settled(jobs, "completed", 6);
  assert.ok(times[5] - times[0] >= 380, `${times[5] - times[0]} ms`);
});

test("a dead worker's job stalls and is done by another", async () => {
  const jobs = queue("stalling");
  const told = await events("stalling");
  const taken = deferred();
  const dead = worker("stalling", () => (taken.resolve(), new Promise(() => {})), { lockDuration: 200, skipLockRenewal: true, skipStalledCheck: true });
  const job = await jobs.add("x", {});
  await taken.promise;
  const stalled = new Promise((resolve) => told.once("stalled", ({ jobId }) => resolve(jobId)));
  worker("stalling", async () => "rescued", { stalledInterval: 100, lockDuration: 1000 });
  assert.equal(await job.waitUntilFinished(told), "rescued");
  assert.equal(await stalled, job.id);
  await dead.close(true);
});

test("a queue is paused, drained, cleaned and obliterated", async () => {
  const jobs = queue("managed");
  await jobs.pause();
  worker("managed", async () => 1);
  await jobs.addBulk(Array.from({ length: 5 }, (_, n) => ({ name: "x", data: n, opts: { jobId: `id-${n}` } })));
  assert.equal((await jobs.add("x", 0, { jobId: "id-3" })).id, "id-3");
  assert.equal(await jobs.count(), 5);
  await jobs.remove("id-4");
  await jobs.resume();
  await settled(jobs, "completed", 4);
  assert.equal((await jobs.clean(0, 10, "completed")).length, 4);
  await jobs.add("x", 1, { delay: 60_000 });
  await jobs.drain(true);
  assert.equal(await jobs.count(), 0);
  await jobs.pause();
  await jobs.obliterate({ force: true });
  assert.deepEqual(await redis.keys("bull:managed:*"), []);
});

test("progress and logs are told, and duplicates dropped", async () => {
  const jobs = queue("telling");
  const told = await events("telling");
  const progress = [], doubles = [];
  told.on("progress", ({ data }) => progress.push(data));
  told.on("deduplicated", ({ jobId }) => doubles.push(jobId));
  const first = await jobs.add("x", 1, { deduplication: { id: "same", ttl: 60_000 }, delay: 50 });
  await jobs.add("x", 2, { deduplication: { id: "same", ttl: 60_000 } });
  worker("telling", async (job) => {
    await job.log("a line");
    for (const at of [50, 100]) await job.updateProgress(at);
    return "done";
  });
  assert.equal(await first.waitUntilFinished(told), "done");
  await eventually(() => progress.length === 2 && doubles.length === 1, "both are told");
  assert.deepEqual(progress, [50, 100]);
  assert.deepEqual((await jobs.getJobLogs(first.id)).logs, ["a line"]);
});

test("a removed job removes its flow, and global concurrency holds", async () => {
  const jobs = queue("global");
  await jobs.setGlobalConcurrency(1);
  let now = 0, most = 0;
  const work = async () => {
    most = Math.max(most, ++now);
    await redis.ping();
    now--;
  };
  worker("global", work, { concurrency: 4 });
  worker("global", work, { concurrency: 4 });
  await jobs.addBulk(Array.from({ length: 20 }, () => ({ name: "x", data: 0 })));
  await settled(jobs, "completed", 20);
  assert.equal(most, 1);
});
