// Runs the tests: npm test [file …]

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const given = process.argv.slice(2);
const tests = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.mjs"));
const files = given.length > 0 ? given : tests.map((name) => join("test", name));
const args = ["--expose-gc", "--test", "--test-reporter", "spec", ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
