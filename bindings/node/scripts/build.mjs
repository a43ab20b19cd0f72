// Builds the package in a clone: the native module with cargo, the TypeScript with tsc.
//
//   npm run build                       a release build
//   npm run build -- --profile dev      a quick one, for tests
//   node scripts/build.mjs --if-needed  only what is missing or older than its sources: what npm runs by itself

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { platformName } from "./platform.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const clone = resolve(root, "../..");
const args = process.argv.slice(2);
const ifNeeded = args.includes("--if-needed");
const profile = args.includes("--profile") ? args[args.indexOf("--profile") + 1] : "release";
const binary = join(root, "native", `kevy.${platformName()}.node`);

/** The time of the newest file below `paths`. */
function newest(...paths) {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(path);
    const below = stat.isDirectory() ? newest(...readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    time = Math.max(time, below);
  }
  return time;
}

function isCurrent(product, ...sources) {
  return ifNeeded && existsSync(product) && statSync(product).mtimeMs >= newest(...sources);
}

function buildNative() {
  const flags = ["build", "--package", "kevy-node", "--profile", profile, "--message-format", "json-render-diagnostics"];
  const output = execFileSync("cargo", flags, {
    cwd: clone,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const messages = output.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const artifact = messages.find(({ reason, target }) => reason === "compiler-artifact" && target.name === "kevy_node");
  const library = artifact?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
  if (library === undefined) {
    throw new Error("cargo built no library for kevy-node");
  }
  mkdirSync(dirname(binary), { recursive: true });
  // A process that has the old one loaded keeps it.
  copyFileSync(library, `${binary}.new`);
  renameSync(`${binary}.new`, binary);
}

function buildTypeScript() {
  const find = () => createRequire(join(root, "package.json")).resolve("typescript/bin/tsc");
  let tsc;
  try {
    tsc = find();
  } catch {
    // npm links a directory without installing what its build needs.
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: "inherit",
      // Of the outer npm's settings, such as --global or --prefix, none are meant for this one.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
    });
    tsc = find();
  }
  execFileSync(process.execPath, [tsc, "--project", root], { stdio: "inherit" });
}

const cargo = ["Cargo.toml", "Cargo.lock", "kevy-core/src", "kevy-core/Cargo.toml"].map((path) => join(clone, path));
if (!isCurrent(binary, join(root, "src"), join(root, "Cargo.toml"), ...cargo)) {
  buildNative();
}
if (!isCurrent(join(root, "dist/index.mjs"), join(root, "lib"), join(root, "tsconfig.json"))) {
  buildTypeScript();
}
