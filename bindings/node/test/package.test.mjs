// What is published, what an installation finds, what TypeScript sees, and the examples.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { platformName } from "../scripts/platform.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const examples = resolve(root, "../../examples/node");
const tsc = join(root, "node_modules/typescript/bin/tsc");

const temporary = (name) => mkdtempSync(join(tmpdir(), `kevy-${name}-`));
/** npm as a person would run it, not as a child of `npm test`. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const npm = (args, cwd) => execFileSync("npm", [...args, "--no-audit", "--no-fund"], { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const node = (args, cwd) => spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 60_000 });

/** A project with these modules, each from this package's own installation. */
function project(name, ...modules) {
  const directory = temporary(name);
  for (const module of modules) {
    const link = join(directory, "node_modules", module);
    mkdirSync(resolve(link, ".."), { recursive: true });
    symlinkSync(module === "kevy" ? root : join(root, "node_modules", module), link);
  }
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  return directory;
}

const HELLO = `
  import { Runtime, version } from "kevy";
  const runtime = await Runtime.start({ shards: 1 });
  const db = runtime.session();
  db.set("greeting", "hello " + version);
  console.log(db.get("greeting"));
  await runtime.close();`;

describe("the published packages", () => {
  const release = join(root, "release");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  before(() => node([join(root, "scripts/release.mjs")], root));

  test("have no scripts and no sources", () => {
    const names = readdirSync(release);
    assert.deepEqual(names.toSorted(), ["kevy", platformName()].toSorted());
    for (const name of names) {
      const manifest = JSON.parse(readFileSync(join(release, name, "package.json"), "utf8"));
      assert.equal(manifest.scripts, undefined);
      assert.equal(manifest.private, undefined);
      assert.equal(manifest.dependencies, undefined);
      const [{ files }] = JSON.parse(npm(["pack", "--dry-run", "--json"], join(release, name)));
      for (const { path } of files) {
        assert.match(path, /^(package\.json|README\.md|LICENSE|kevy\.node|dist\/.*\.(js|mjs|d\.ts|d\.mts))$/);
      }
    }
  });

  test("install without the network and run", () => {
    const directory = temporary("published");
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    const archives = ["kevy", platformName()].map((name) => {
      const [{ filename }] = JSON.parse(npm(["pack", "--json", "--pack-destination", directory], join(release, name)));
      return join(directory, filename);
    });
    npm(["install", "--offline", "--ignore-scripts", ...archives], directory);
    assert.deepEqual(readdirSync(join(directory, "node_modules/@kevy")), [platformName()]);
    const { stdout, stderr } = node(["--input-type=module", "-e", HELLO], directory);
    assert.equal(stdout, `hello ${version}\n`, stderr);

    renameSync(join(directory, "node_modules/@kevy"), join(directory, "elsewhere"));
    const without = node(["-e", 'require("kevy")'], directory);
    assert.notEqual(without.status, 0);
    assert.match(without.stderr, new RegExp(`no native module for ${platformName()}.*npm run build`));
  });
});

test("a clone installs as a directory, for import and for require", () => {
  const directory = temporary("clone");
  writeFileSync(join(directory, "package.json"), "{}");
  npm(["install", "--offline", root], directory);
  assert.match(node(["--input-type=module", "-e", HELLO], directory).stdout, /^hello /);
  const required = node(["-e", 'console.log(typeof require("kevy").Runtime.start)'], directory);
  assert.equal(required.stdout, "function\n", required.stderr);
});

describe("TypeScript", () => {
  const strict = ["--strict", "--noEmit", "--module", "node16", "--target", "es2022", "--types", "node", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const check = (directory, ...args) => {
    const { status, stdout } = node([tsc, ...strict, ...args], directory);
    assert.equal(status, 0, stdout);
  };

  test("the declarations stand by themselves and say what the functions take and give", () => {
    const directory = project("types", "kevy", "ioredis", "redis", "@types/node");
    cpSync(join(root, "test/types.ts"), join(directory, "types.ts"));
    check(directory, "--lib", "es2022,esnext.disposable", "types.ts");
    // For a program that is CommonJS the declarations are other files.
    writeFileSync(join(directory, "package.json"), "{}");
    cpSync(join(root, "test/types.ts"), join(directory, "types.cts"));
    check(directory, "--lib", "es2022,esnext.disposable", "--esModuleInterop", "types.cts");
  });

  test("a program with `using` runs", () => {
    const directory = project("using", "kevy", "ioredis", "redis", "@types/node");
    cpSync(join(root, "test/types.ts"), join(directory, "types.ts"));
    const built = node([tsc, ...strict.filter((flag) => flag !== "--noEmit"), "--lib", "es2022,esnext.disposable", "types.ts"], directory);
    assert.equal(built.status, 0, built.stdout);
    const ran = node(["types.js"], directory);
    assert.equal(ran.stdout, "all as declared\n", ran.stderr);
  });

  test("the examples are what the declarations allow", () => {
    const directory = project("examples", "kevy", "ioredis", "@types/node");
    cpSync(examples, directory, { recursive: true });
    check(directory, "--lib", "es2023,esnext.disposable", "--checkJs", "--allowJs", "--skipLibCheck", ...readdirSync(examples).filter((name) => name.endsWith(".mjs")));
  });
});

describe("examples", () => {
  const expected = {
    "embed.mjs": [/^hello for (60|59) seconds$/m, /name: 'Ada Lovelace'/, /^listpack$/m, /^\[ 1, 1 \]$/m, /^hello from ioredis$/m, /^refused: WRONGTYPE/m],
    "dispatch.mjs": [/^2$/m, /born: '1815'/, /^<Buffer 31 38 31 35>$/m, /^1816$/m, /^\[ 'OK', 2, <Buffer 32> \]$/m],
    "serve.mjs": [/^listening on port \d+$/m, /hello/, /^1$/m],
    "tail.mjs": [/^keys: 1011 cursor: \d+ bytes$/m],
  };
  let directory;
  before(() => {
    directory = project("run", "kevy", "ioredis");
    cpSync(examples, directory, { recursive: true });
  });
  test("every example is run", () => {
    assert.deepEqual(readdirSync(examples).filter((name) => name.endsWith(".mjs")).toSorted(), Object.keys(expected).toSorted());
  });
  for (const [name, lines] of Object.entries(expected)) {
    test(name, () => {
      const { status, stdout, stderr } = node([name], directory);
      assert.equal(status, 0, stderr);
      for (const line of lines) assert.match(stdout, line);
    });
  }
});
