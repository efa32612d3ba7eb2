// Every function is deployed as it expects to be: without the platform's own token check, which knows neither
// LiveKit's signature nor signed-out sessions.
import assert from "node:assert/strict";

const FUNCTIONS = new URL("..", import.meta.url);

Deno.test("config.toml names exactly the functions of this folder, each with verify_jwt = false", async () => {
  const folders = [...Deno.readDirSync(FUNCTIONS)]
    .filter((entry) => entry.isDirectory && !entry.name.startsWith("_"))
    .map((entry) => entry.name);
  const config = await Deno.readTextFile(new URL("../config.toml", FUNCTIONS));
  const sections = [...config.matchAll(/^\[functions\.([\w-]+)\]\nverify_jwt = false$/gm)].map(([, name]) =>
    name
  );
  assert.deepEqual(sections.toSorted(), folders.toSorted());
  assert.equal(config.match(/^\[functions\./gm)?.length, sections.length);
});
