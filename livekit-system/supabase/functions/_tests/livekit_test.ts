import assert from "node:assert/strict";
import { TokenVerifier } from "npm:livekit-server-sdk@2.19.2";
import { LiveKit, TOKEN_SECONDS } from "../_shared/livekit.ts";
import { ALICE, claims, SETTINGS } from "./fakes.ts";

const livekit = new LiveKit(SETTINGS);
const grant = {
  room: "room-1",
  identity: ALICE,
  name: "Gökçe",
  attributes: { role: "viewer", avatar: "https://cdn.example.com/g.png" },
  canSubscribe: true,
};

Deno.test("a token says who its bearer is, as others are shown them", async () => {
  const { name, attributes } = claims((await livekit.mint({ ...grant, sources: [] })).token);
  assert.deepEqual([name, attributes], [grant.name, grant.attributes]);
});

Deno.test("a token without sources carries no publish right of any kind", async () => {
  const { token } = await livekit.mint({ ...grant, sources: [] });
  assert.deepEqual(claims(token).video, {
    roomJoin: true,
    room: "room-1",
    canSubscribe: true,
    canPublish: false,
    canPublishData: false,
    canUpdateOwnMetadata: false,
  });
});

Deno.test("a token with sources may publish exactly these", async () => {
  const { token } = await livekit.mint({ ...grant, sources: ["camera", "microphone", "screen_share_audio"] });
  const { video, sub } = claims(token);
  assert.equal(sub, ALICE);
  assert.equal(video.canPublish, true);
  assert.deepEqual(video.canPublishSources, ["camera", "microphone", "screen_share_audio"]);
  assert.equal(video.canPublishData, false);
});

Deno.test("a token lives five minutes and never less than is said", async () => {
  const before = Math.floor(Date.now() / 1000);
  const { token, expiresAt } = await livekit.mint({ ...grant, sources: [] });
  const after = Math.floor(Date.now() / 1000);
  const { exp } = claims(token);
  assert.ok(exp >= before + TOKEN_SECONDS && exp <= after + TOKEN_SECONDS);
  assert.ok(expiresAt.getTime() / 1000 <= exp);
});

Deno.test("LiveKit's own SDK takes a token for what it says", async () => {
  const { token } = await livekit.mint({ ...grant, sources: ["microphone"] });
  const verifier = new TokenVerifier(SETTINGS.livekitApiKey, SETTINGS.livekitApiSecret);
  const { sub, name, attributes, video } = await verifier.verify(token);
  assert.deepEqual([sub, name, attributes], [ALICE, grant.name, grant.attributes]);
  assert.deepEqual([video?.room, video?.roomJoin, video?.canPublishSources], ["room-1", true, [
    "microphone",
  ]]);
});

async function againstServer(
  respond: (request: Request) => Response | Promise<Response>,
  work: (livekit: LiveKit) => Promise<void>,
) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, respond);
  const livekitUrl = `ws://127.0.0.1:${server.addr.port}`;
  try {
    await work(new LiveKit({ ...SETTINGS, livekitUrl }, 0.3));
  } finally {
    await server.shutdown();
  }
}

Deno.test("deleting a room that is gone succeeds", () =>
  againstServer(
    () => Response.json({ code: "not_found", msg: "no such room" }, { status: 404 }),
    (livekit) => livekit.deleteRoom("room-1"),
  ));

Deno.test("deleting a room fails when LiveKit refuses", () =>
  againstServer(
    () => Response.json({ code: "unauthenticated" }, { status: 401 }),
    (livekit) => assert.rejects(livekit.deleteRoom("room-1")),
  ));

Deno.test("deleting a room gives up in time", async () => {
  const late = Promise.withResolvers<Response>();
  await againstServer(() => late.promise, async (livekit) => {
    await assert.rejects(livekit.deleteRoom("room-1"), { name: "TimeoutError" });
    late.resolve(Response.json({}));
  });
});

Deno.test("an ingress is the person's whose identity names them, and is made once", async () => {
  const asked: [string, unknown, unknown][] = [];
  const made: unknown[] = [];
  const respond = async (request: Request) => {
    const method = new URL(request.url).pathname.split("/").at(-1)!;
    const grant = claims(request.headers.get("authorization")!.slice("Bearer ".length)).video;
    const body = await request.json();
    asked.push([method, grant, body]);
    if (method === "ListIngress") return Response.json({ next_page_token: null, items: made });
    const answer = { url: "rtmp://x", stream_key: "k", participant_identity: body.participant_identity };
    made.push({ ...answer, participant_identity: "somebody else:obs", stream_key: "not mine" }, answer);
    return Response.json(answer);
  };
  await againstServer(respond, async (livekit) => {
    for (let n = 0; n < 2; n++) {
      assert.deepEqual(await livekit.ingress("room-1", ALICE, "Gökçe"), { url: "rtmp://x", streamKey: "k" });
    }
  });
  assert.deepEqual(asked.map(([method]) => method), ["ListIngress", "CreateIngress", "ListIngress"]);
  assert.deepEqual(asked[0]!.slice(1), [{ ingressAdmin: true }, { room_name: "room-1" }]);
  assert.deepEqual(asked[1]![2], {
    input_type: "RTMP_INPUT",
    name: "OBS",
    room_name: "room-1",
    participant_identity: `${ALICE}:obs`,
    participant_name: "Gökçe",
  });
});

Deno.test("every ingress into a room is deleted, and one that is gone already is no fault", async () => {
  const deleted: unknown[] = [];
  const respond = async (request: Request) => {
    const body = await request.json();
    if (request.url.endsWith("ListIngress")) {
      return Response.json({ items: [{ ingress_id: "IN_1" }, { ingress_id: "IN_2" }] });
    }
    deleted.push([new URL(request.url).pathname, body]);
    return Response.json({}, { status: deleted.length === 1 ? 404 : 200 });
  };
  await againstServer(respond, (livekit) => livekit.deleteIngresses("room-1"));
  const path = "/twirp/livekit.Ingress/DeleteIngress";
  assert.deepEqual(deleted, [[path, { ingress_id: "IN_1" }], [path, { ingress_id: "IN_2" }]]);
});

Deno.test("an ingress of ours gets the attribute that says whom it stands for, and nobody else does", async () => {
  const asked: unknown[] = [];
  const respond = async (request: Request) => {
    const { video } = claims(request.headers.get("authorization")!.slice("Bearer ".length));
    asked.push([video, await request.json()]);
    return Response.json({});
  };
  await againstServer(respond, async (livekit) => {
    for (const identity of [`${ALICE}:obs`, `${ALICE}:phone`, ALICE, "obs", ""]) {
      await livekit.markIngress("room-1", identity);
    }
  });
  assert.deepEqual(asked, [[
    { roomAdmin: true, room: "room-1" },
    { room: "room-1", identity: `${ALICE}:obs`, attributes: { "ipelya.person": ALICE } },
  ]]);
});

Deno.test("without LiveKit's ingress it is unavailable", () =>
  againstServer(
    () => Response.json({ code: "internal", msg: "ingress not connected" }, { status: 500 }),
    async (livekit) => {
      await assert.rejects(livekit.ingress("room-1", ALICE, "Gökçe"), { code: "unavailable", status: 503 });
    },
  ));
