// Compiles `app.ts` against the built package as an app does: strict, by either way of resolving modules, with and without
// skipLibCheck (`all`; without it the two pairs that differ in both). Prints what is wrong in the app or in the package; ends with 1 then. Run it after `deno task build`.

import ts from "typescript";

const here = import.meta.dirname!;
const client = `${here}/../..`;
const app = `${client}/dist/consumer`;

/** As npm installs it: below the app's node_modules. */
function install(): void {
  Deno.mkdirSync(`${app}/node_modules/@ipelya`, { recursive: true });
  Deno.copyFileSync(`${here}/app.ts`, `${app}/app.ts`);
  Deno.writeTextFileSync(`${app}/package.json`, JSON.stringify({ name: "app", type: "module" }));
  try {
    Deno.symlinkSync("../../../..", `${app}/node_modules/@ipelya/live`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

const sources = new Map<string, ts.SourceFile | undefined>();

function faults(resolution: "bundler" | "node16", skipLibCheck: boolean): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
    ...(resolution === "bundler"
      ? { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }
      : { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }),
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...more) => {
    if (!name.includes("/lib.")) return read(name, version, ...more);
    if (!sources.has(name)) sources.set(name, read(name, version, ...more));
    return sources.get(name);
  };
  const program = ts.createProgram([`${app}/app.ts`], options, host);
  const ours = ts.getPreEmitDiagnostics(program).filter(({ file }) =>
    file === undefined ||
    file.fileName.startsWith(Deno.realPathSync(client)) && !file.fileName.includes("node_modules")
  );
  return ours.map((one) => {
    const at = one.file?.getLineAndCharacterOfPosition(one.start ?? 0);
    const where = `${one.file?.fileName ?? ""}:${(at?.line ?? 0) + 1}`;
    return `${resolution} skipLibCheck=${skipLibCheck} ${where} ${
      ts.flattenDiagnosticMessageText(one.messageText, "\n")
    }`;
  });
}

install();
// The two that differ in both; `all` for every pair.
const pairs = Deno.args.includes("all")
  ? [["bundler", true], ["bundler", false], ["node16", true], ["node16", false]] as const
  : [["bundler", true], ["node16", false]] as const;
const found = pairs.flatMap(([resolution, skip]) => faults(resolution, skip));
for (const fault of found) console.error(fault);
Deno.exit(found.length === 0 ? 0 : 1);
