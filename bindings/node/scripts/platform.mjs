// The name of this platform's binary, as lib/native.ts has it.

export function platformName() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") {
    return name;
  }
  return `${name}-${process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}
