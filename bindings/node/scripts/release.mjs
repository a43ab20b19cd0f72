// Makes the packages that are published, below release/: `kevy` with what TypeScript made, and one package with a
// binary for each platform that native/ has one for. None of them has a script, so installing runs nothing.
//
//   npm run build && npm run release

import { cpSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "release");
const { private: _private, scripts: _scripts, devDependencies: _dev, ...manifest } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

function write(directory, content) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), `${JSON.stringify(content, undefined, 2)}\n`);
  for (const file of ["README.md", "../../LICENSE"].filter((file) => existsSync(join(root, file)))) {
    copyFileSync(join(root, file), join(directory, file.split("/").at(-1)));
  }
}

rmSync(out, { recursive: true, force: true });
const platforms = readdirSync(join(root, "native")).map((name) => /^kevy\.(.+)\.node$/.exec(name)?.[1]).filter(Boolean);
for (const platform of platforms) {
  const [os, cpu, libc] = platform.split("-");
  const { version, license, engines } = manifest;
  const directory = join(out, platform);
  write(directory, {
    name: `@kevy/${platform}`,
    version,
    description: `The native module of kevy for ${platform}`,
    license,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] }),
    main: "kevy.node",
    files: ["kevy.node"],
  });
  copyFileSync(join(root, "native", `kevy.${platform}.node`), join(directory, "kevy.node"));
}
write(join(out, "kevy"), {
  ...manifest,
  optionalDependencies: Object.fromEntries(platforms.map((platform) => [`@kevy/${platform}`, manifest.version])),
});
cpSync(join(root, "dist"), join(out, "kevy", "dist"), { recursive: true });
console.log(`release/: kevy ${manifest.version} with ${platforms.join(", ") || "no platform"}`);
