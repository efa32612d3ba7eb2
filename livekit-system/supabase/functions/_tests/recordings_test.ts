import assert from "node:assert/strict";
import { playable, playlistOf } from "../_shared/hls.ts";
import { Refusal } from "../_shared/refusal.ts";
import { withServices as deletion } from "../recording-delete/handler.ts";
import { withServices as watching } from "../recording-playback/handler.ts";
import { withServices as starting } from "../recording-start/handler.ts";
import { withServices as stopping } from "../recording-stop/handler.ts";
import { readBucket } from "../_shared/recording_files.ts";
import { ALICE, BUCKET, post, SESSION, World } from "./fakes.ts";

const RECORDING = "66666666-6666-4666-8666-666666666666";
const PREFIX = `${SESSION}/${RECORDING}`;
const PLAYLIST = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXTINF:4.000,
segment_00000.ts
#EXTINF:4.000,
segment_00001.ts
#EXTINF:2.500,
segment_00002.ts
../../../other/segment_00003.ts
#EXT-X-ENDLIST
`;
const SEEN = {
  seconds: 60,
  parts: [
    { number: 1, prefix: `${PREFIX}/1`, store: "supabase", began: "2027-01-15T12:00:00.000Z" },
    { number: 2, prefix: `${PREFIX}/2`, store: "supabase", began: "2027-01-15T12:05:00.000Z" },
  ],
  cuts: [] as { from_at: string; to_at: string }[],
};

Deno.test("start, stop and delete ask the database in the caller's name", async () => {
  for (
    const [name, handler, body, parameters] of [
      ["recording_start", starting, { session_id: SESSION }, {
        p_session: SESSION,
        p_mode: null,
        p_mp4: false,
      }],
      ["recording_start", starting, { session_id: SESSION, mode: "host", mp4: true }, {
        p_session: SESSION,
        p_mode: "host",
        p_mp4: true,
      }],
      ["recording_stop", stopping, { recording_id: RECORDING }, { p_recording: RECORDING }],
      ["recording_delete", deletion, { recording_id: RECORDING }, { p_recording: RECORDING }],
    ] as const
  ) {
    const world = new World();
    world.answers.set(name, { recording: { id: RECORDING } });
    const response = await handler(() => world.services)(post(body));
    assert.deepEqual([response.status, await response.json()], [200, { recording: { id: RECORDING } }]);
    assert.deepEqual(world.asked, [{ name, parameters: { p_user: ALICE, ...parameters } }]);
  }
  const odd = await starting(() => new World().services)(post({ session_id: SESSION, mode: "everything" }));
  assert.equal(odd.status, 400);
});

Deno.test("a download is links to the files that the database names, and no play", async () => {
  const world = new World();
  world.answers.set("recording_files", {
    seconds: 60,
    files: [{ number: 2, path: `${PREFIX}/2/recording.mp4`, store: "supabase" }],
  });
  const response = await watching(() => world.services)(post({ recording_id: RECORDING, download: true }));
  const { files } = await response.json();
  assert.deepEqual([response.status, files.length, files[0].number], [200, 1, 2]);
  assert.ok(files[0].url.includes(`${PREFIX}/2/recording.mp4`), files[0].url);
  assert.deepEqual(world.asked, [
    { name: "recording_files", parameters: { p_user: ALICE, p_recording: RECORDING } },
  ]);
});

async function opened(world: World): Promise<URL> {
  world.answers.set("vod_open", {
    recording_id: RECORDING,
    title: "Evening",
    expires_at: "2027-01-15T12:15:00.000Z",
  });
  world.answers.set("vod_parts", SEEN);
  world.files.set(`recordings/${PREFIX}/1/index.m3u8`, PLAYLIST);
  world.files.set(`recordings/${PREFIX}/2/index.m3u8`, PLAYLIST);
  const response = await watching(() => world.services)(post({ recording_id: RECORDING }));
  const body = await response.json();
  assert.equal(response.status, 200);
  assert.deepEqual(body.recording, { recording_id: RECORDING, title: "Evening" });
  assert.equal(body.expires_at, "2027-01-15T12:15:00.000Z");
  return new URL(body.playlist);
}

function get(world: World, url: URL): Promise<Response> {
  return watching(() => world.services)(new Request(url));
}

Deno.test("the playlist names every segment of every part by the key of the play, and nothing outside them", async () => {
  const world = new World();
  const url = await opened(world);
  const response = await get(world, url);
  assert.deepEqual([response.status, response.headers.get("content-type")], [
    200,
    "application/vnd.apple.mpegurl",
  ]);
  const lines = (await response.text()).split("\n");
  const segments = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
    new URL(line, url)
  );
  assert.deepEqual(
    segments.map((
      { pathname, searchParams },
    ) => [pathname, searchParams.get("part"), searchParams.get("file")]),
    ["1", "2"].flatMap((part) =>
      [0, 1, 2].map((n) => ["/functions/v1/recording-playback", part, `segment_0000${n}.ts`])
    ),
  );
  assert.equal(lines.filter((line) => line === "#EXT-X-DISCONTINUITY").length, 1);
  assert.ok(lines.includes("#EXT-X-TARGETDURATION:4") && lines.at(-2) === "#EXT-X-ENDLIST");
  const first = await get(world, segments[0] ?? url);
  assert.deepEqual([first.status, first.headers.get("location"), first.headers.get("cache-control")], [
    302,
    `https://project.example.com/recordings/${PREFIX}/1/segment_00000.ts?seconds=60`,
    "no-store",
  ]);
  const hashes = world.asked.map(({ parameters }) => parameters["p_key_hash"]);
  assert.ok(
    new Set(hashes).size === 1 && /^[0-9a-f]{64}$/.test(String(hashes[0])),
    "the database never sees the key",
  );
  assert.ok(!String(hashes[0]).includes(url.searchParams.get("play") ?? ""));
});

Deno.test("each segment asks anew, and no address that one can build leads anywhere else", async () => {
  const world = new World();
  const url = await opened(world);
  const segment = (part: string, file: string) => {
    const asked = new URL(url);
    asked.searchParams.set("part", part);
    asked.searchParams.set("file", file);
    return get(world, asked);
  };
  for (
    const [part, file] of [
      ["3", "segment_00000.ts"],
      ["1", "../2/segment_00000.ts"],
      ["1", "index.m3u8"],
      ["1", "%2e%2e/segment_00000.ts"],
      ["1", ""],
      ["01", "segment_00000.ts"],
    ] as const
  ) {
    assert.equal((await segment(part, file)).status, 404, `${part} ${file}`);
  }
  world.answers.set("vod_parts", new Refusal("taken_down", 410, "gone"));
  const stopped = await segment("1", "segment_00000.ts");
  assert.deepEqual([stopped.status, (await stopped.json()).error.code], [410, "taken_down"]);
  assert.equal((await get(world, url)).status, 410);
});

Deno.test("what lies with another provider is linked to there, and what lies nowhere that we know is given to nobody", async () => {
  const world = new World();
  const url = await opened(world);
  const segment = (store: string) => {
    world.answers.set("vod_parts", { ...SEEN, parts: [{ ...SEEN.parts[0]!, store }] });
    const asked = new URL(url);
    asked.searchParams.set("part", "1");
    asked.searchParams.set("file", "segment_00001.ts");
    return get(world, asked);
  };
  const link = new URL((await segment(BUCKET.address)).headers.get("location") ?? "");
  assert.equal(`${link.origin}${link.pathname}`, `${BUCKET.address}/${PREFIX}/1/segment_00001.ts`);
  assert.equal(link.searchParams.get("X-Amz-Expires"), "60");
  assert.ok(!link.href.includes(BUCKET.secret));
  assert.equal((await segment("https://s3.example.com/former")).status, 500);
});

Deno.test("the environment names a bucket of another provider as the worker's does", () => {
  const read = (variables: Record<string, string>) =>
    readBucket({ get: (name) => ({ ...KEYS, ...variables })[name] })?.address;
  const KEYS = { RECORDING_S3_ACCESS_KEY: "key", RECORDING_S3_SECRET: "secret" };
  assert.equal(read({}), undefined);
  assert.equal(read({ RECORDING_S3_ENDPOINT: "https://abc.supabase.co/storage/v1/s3" }), undefined);
  const elsewhere = { RECORDING_S3_ENDPOINT: "https://s3.example.com/", RECORDING_S3_BUCKET: "shows" };
  assert.equal(read(elsewhere), "https://s3.example.com/shows");
  assert.equal(read({ ...elsewhere, RECORDING_S3_PATH_STYLE: "False" }), "https://shows.s3.example.com");
  assert.equal(read({ ...elsewhere, RECORDING_S3_SECRET: "" }), undefined);
});

Deno.test("what is cut is neither listed nor given out by its address", async () => {
  const world = new World();
  const url = await opened(world);
  const cuts = [{ from_at: "2027-01-15T12:00:05.000Z", to_at: "2027-01-15T12:00:06.000Z" }];
  world.answers.set("vod_parts", { ...SEEN, cuts });
  const text = await (await get(world, url)).text();
  assert.ok(!text.includes("part=1&file=segment_00001.ts") && text.includes("part=2&file=segment_00001.ts"));
  const cut = new URL(url);
  cut.searchParams.set("part", "1");
  cut.searchParams.set("file", "segment_00001.ts");
  assert.equal((await get(world, cut)).status, 404);
  cut.searchParams.set("file", "segment_00002.ts");
  assert.equal((await get(world, cut)).status, 302);
});

Deno.test("times of a playlist's own outrank the sum of its lengths", () => {
  const part = { number: 1, began: "2027-01-15T12:00:00Z" };
  const dated = "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T12:01:00.000Z\n#EXTINF:4,\nsegment_00000.ts\n";
  const cut = (from: string, to: string) => [{ from_at: from, to_at: to }];
  assert.equal(playable(dated, part, cut("2027-01-15T12:00:00Z", "2027-01-15T12:00:30Z")).length, 1);
  assert.equal(playable(dated, part, cut("2027-01-15T12:01:03Z", "2027-01-15T12:02:00Z")).length, 0);
  assert.ok(playlistOf([], "k").endsWith("#EXT-X-ENDLIST\n"));
});
