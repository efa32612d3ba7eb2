// What the functions of the package ask, in supabase-js' own words: each request once, its path and its body.

import { createClient } from "@supabase/supabase-js";
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert";
import * as live from "../src/mod.ts";
import { systemRuntime } from "../src/runtime.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

function asking(status = 200, answer: unknown = []) {
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    requests.push({
      method: init?.method ?? "GET",
      path: decodeURIComponent(url.pathname + url.search).replaceAll("+", " "),
      body: init?.body ? JSON.parse(init.body as string) : null,
    });
    return Promise.resolve(new Response(status === 201 ? null : JSON.stringify(answer), { status }));
  };
  const auth = { autoRefreshToken: false, persistSession: false };
  return { supabase: createClient("http://localhost", "anon", { auth, global: { fetch } }), requests };
}

const ROSE = { code: "rose", name_en: "Rose", name_tr: "Gül", coins: 5 };
const rpc = (name: string, body: object) => ({ method: "POST", path: `/rest/v1/rpc/${name}`, body });
const edge = (name: string, body: object) => ({ method: "POST", path: `/functions/v1/${name}`, body });

type Client = ReturnType<typeof asking>["supabase"];
const CASES: Record<string, [(supabase: Client) => Promise<unknown>, Request]> = {
  "a gift says what it costs in all": [
    (supabase) => live.sendGift(supabase, "s1", ROSE, 3, "key-0001"),
    rpc("send_gift", {
      session_id: "s1",
      gift_code: "rose",
      quantity: 3,
      idempotency_key: "key-0001",
      p_expected_coins: 15,
    }),
  ],
  "and so does a ticket": [
    (supabase) => live.buyTicket(supabase, "s1", 50, "key-0002"),
    rpc("buy_ticket", { session_id: "s1", idempotency_key: "key-0002", p_expected_coins: 50 }),
  ],
  "and a recording": [
    (supabase) => live.buyReplay(supabase, "r1", 40, "key-0003"),
    rpc("buy_vod", { recording_id: "r1", idempotency_key: "key-0003", p_expected_coins: 40 }),
  ],
  "which its creator publishes at a price": [
    (supabase) => live.publishReplay(supabase, "r1", true, { accessType: "pay_per_view", price: 40 }),
    rpc("publish_vod", { recording_id: "r1", published: true, access_type: "pay_per_view", price_coins: 40 }),
  ],
  "an answer to being recorded names the notice that was read": [
    (supabase) => live.answerRecording(supabase, "s1", { version: "v1", text_en: "", text_tr: "" }, false),
    rpc("consent_to_recording", { session_id: "s1", notice_version: "v1", agrees: false }),
  ],
  "which can be taken back": [
    (supabase) => live.withdrawRecordingConsent(supabase, "s1"),
    rpc("withdraw_recording_consent", { session_id: "s1" }),
  ],
  "a recording is started, in the mode that fits the session": [
    (supabase) => live.startRecording(supabase, "s1"),
    edge("recording-start", { session_id: "s1" }),
  ],
  "as one file as well": [
    (supabase) => live.startRecording(supabase, "s1", "composite", true),
    edge("recording-start", { session_id: "s1", mode: "composite", mp4: true }),
  ],
  "and stopped": [
    (supabase) => live.stopRecording(supabase, "r1"),
    edge("recording-stop", { recording_id: "r1" }),
  ],
  "watching asks for a playlist": [
    (supabase) => live.openReplay(supabase, "r1"),
    edge("recording-playback", { recording_id: "r1" }),
  ],
  "the files of the whole": [
    (supabase) => live.recordingFiles(supabase, "r1"),
    edge("recording-playback", { recording_id: "r1", download: true }),
  ],
  "its chat from a second on": [
    (supabase) => live.replayChat(supabase, "r1", 60),
    rpc("vod_chat", { recording_id: "r1", from_seconds: 60 }),
  ],
  "recordings of one creator, newest first": [
    (supabase) => live.replays(supabase, { creatorId: "c1" }),
    {
      method: "GET",
      path:
        "/rest/v1/live_replays?select=id,session_id,title,access_type,price_coins,creator_id,creator_name," +
        "creator_avatar,duration_seconds,chapters,thumbnail,published_at,reason&creator_id=eq.c1" +
        "&order=published_at.desc,id.desc&limit=20",
      body: null,
    },
  ],
  "a hand": [(supabase) => live.raiseHand(supabase, "s1"), rpc("raise_hand", { session_id: "s1" })],
  "another's hand": [
    (supabase) => live.lowerHand(supabase, "s1", "ann"),
    rpc("lower_hand", { session_id: "s1", user_id: "ann" }),
  ],
  "an invitation taken": [
    (supabase) => live.acceptInvite(supabase, "s1"),
    rpc("accept_invite", { session_id: "s1" }),
  ],
  "and turned down": [
    (supabase) => live.declineInvite(supabase, "s1"),
    rpc("decline_invite", { session_id: "s1" }),
  ],
  "a block": [(supabase) => live.blockUser(supabase, "ann"), rpc("block_user", { user_id: "ann" })],
  "taken back": [(supabase) => live.unblockUser(supabase, "ann"), rpc("unblock_user", { user_id: "ann" })],
  "a report of a message": [
    (supabase) => live.report(supabase, { messageId: "m1" }, "spam"),
    rpc("report_message", { message_id: "m1", reason_code: "spam", text: null }),
  ],
  "of a person in a session": [
    (supabase) => live.report(supabase, { userId: "ann", sessionId: "s1" }, "spam", "again"),
    rpc("report_person", {
      user_id: "ann",
      session_id: "s1",
      call_id: null,
      reason_code: "spam",
      text: "again",
    }),
  ],
  "of a session": [
    (supabase) => live.report(supabase, { sessionId: "s1" }, "spam"),
    rpc("report_session", { session_id: "s1", reason_code: "spam", text: null }),
  ],
  "of a recording": [
    (supabase) => live.report(supabase, { recordingId: "r1" }, "spam"),
    rpc("report_recording", { recording_id: "r1", reason_code: "spam", text: null }),
  ],
  "an appeal": [
    (supabase) => live.appeal(supabase, "a1", "why"),
    rpc("appeal", { action_id: "a1", text: "why" }),
  ],
  "a copy of what is kept": [(supabase) => live.exportMyData(supabase), rpc("export_my_data", {})],
  "the end of the account": [(supabase) => live.deleteMyAccount(supabase), rpc("delete_my_account", {})],
  "a session of one's own": [
    (supabase) => live.createSession(supabase, { type: "audio_room", access_type: "public", title: "Talk" }),
    edge("session-create", { type: "audio_room", access_type: "public", title: "Talk" }),
  ],
  "another time for it": [
    (supabase) => live.moveSession(supabase, "s1", "2027-01-01T18:00:00Z"),
    rpc("move_session", { session_id: "s1", scheduled_at: "2027-01-01T18:00:00Z" }),
  ],
  "a call declined": [
    (supabase) => live.declineCall(supabase, "c1"),
    edge("call-answer", { call_id: "c1", accept: false }),
  ],
  "video in a call": [
    (supabase) => live.upgradeCall(supabase, "c1"),
    edge("call-upgrade", { call_id: "c1", accept: true }),
  ],
};

for (const [name, [ask, wanted]] of Object.entries(CASES)) {
  Deno.test(`asks for ${name}`, async () => {
    const { supabase, requests } = asking();
    await ask(supabase);
    deepStrictEqual(requests, [wanted]);
  });
}

Deno.test("a session is recorded while a recording that was announced has not stopped", async () => {
  const starting = (recording_id: string, answer_by: string) => ({
    type: "recording_starting",
    payload: { recording_id, answer_by },
  });
  const one = starting("r1", "2026-11-23T12:00:09Z"), other = starting("r2", "2026-11-23T12:05:09Z");
  const stopped = { type: "recording_stopped", payload: { recording_id: "r1" } };
  const both = { recorded: true, answerBy: "2026-11-23T12:05:09Z" };
  const none = { recorded: false, answerBy: null };
  for (
    const [told, wanted] of [
      [[], none],
      [[one], { recorded: true, answerBy: "2026-11-23T12:00:09Z" }],
      [[one, { type: "recording_started", payload: { recording_id: "r1" } }, stopped], none],
      [[one, other, stopped], both],
    ] as const
  ) {
    deepStrictEqual(await live.recordingNow(asking(200, told).supabase, "s1"), wanted);
  }
});

Deno.test("one's answer is the one that stands", async () => {
  const answered = (rows: object[]) => live.myRecordingAnswer(asking(200, rows).supabase, "s1", "me");
  deepStrictEqual(
    [
      await answered([]),
      await answered([{ agreed_at: null }]),
      await answered([{ agreed_at: "2026-11-23T12:00:00Z" }]),
    ],
    [null, false, true],
  );
});

Deno.test("an act of moderation is a row with an id, and the same row again is the same act", async () => {
  const first = asking(201);
  const id = await live.moderate(first.supabase, {
    action: "mute",
    sessionId: "s1",
    target: "ann",
    params: { seconds: 60 },
    reason: "shouting",
  });
  const row = {
    id,
    session_id: "s1",
    target_user_id: "ann",
    action: "mute",
    params: { seconds: 60 },
    reason: "shouting",
  };
  deepStrictEqual(first.requests, [{ method: "POST", path: "/rest/v1/moderation_actions", body: row }]);
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const repeated = asking(409, { code: "23505", message: "duplicate key" });
  strictEqual(
    await live.moderate(repeated.supabase, { action: "mute", sessionId: "s1", target: "ann", id }),
    id,
  );
  const refused = asking(403, { code: "PT403", message: "no", hint: "outranked" });
  await rejects(
    live.moderate(refused.supabase, { action: "mute", sessionId: "s1", target: "ann" }),
    { name: "LiveError", code: "outranked", status: 403 },
  );
});

Deno.test("a page of the feed goes on after the last row, and searches without a word of PostgREST's own", async () => {
  const { supabase, requests } = asking();
  const after = { id: "s9", started_at: "2026-11-23T12:00:00.1+00:00" } as live.LiveNow;
  await live.liveNow(supabase, { after, search: 'a,b)"(*' });
  const { path } = requests[0]!;
  match(path, /or=\(title\.ilike\."\*a b\*",creator_name\.ilike\."\*a b\*"\)/);
  match(
    path,
    /or=\(started_at\.lt\."2026-11-23T12:00:00\.1 00:00",and\(started_at\.eq\."2026-11-23T12:00:00\.1 00:00",id\.lt\.s9\)\)/,
  );
  match(path, /order=started_at\.desc,id\.desc&limit=20/);
});

Deno.test("what is offered follows ranks: nobody is offered what the database refuses", () => {
  deepStrictEqual(live.actionsOn("moderator", "moderator"), []);
  deepStrictEqual(live.actionsOn("listener", "speaker"), []);
  const host = live.actionsOn("host", "co_host");
  const moderator = live.actionsOn("moderator", "speaker");
  deepStrictEqual(["mute", "kick", "ban", "set_role"].filter((name) => !host.includes(name as "mute")), []);
  deepStrictEqual([moderator.includes("mute"), moderator.includes("camera_on")], [true, false]);
  deepStrictEqual(live.actionsInRoom("host").includes("end_session"), true);
  deepStrictEqual([live.isStaff("moderator"), live.isStaff("speaker"), live.isStaff(null)], [
    true,
    false,
    false,
  ]);
});

Deno.test("ids are UUIDs where the platform has no crypto, as on Hermes", () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    const made = new Set(Array.from({ length: 500 }, () => live.newId()));
    strictEqual(made.size, 500);
    for (const id of made) match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  } finally {
    Object.defineProperty(globalThis, "crypto", own);
  }
});

for (
  const [name, refusals, asked] of [["is waited for", 3, 4], ["is refused in the end", 1_000, 35]] as const
) {
  Deno.test(`what is asked before the database knows that one is there ${name}: a hand, a report`, async () => {
    let requests = 0;
    let at = 0;
    const refusal = {
      code: "PT409",
      message: "Join the session first.",
      hint: "not_in_session",
      details: null,
    };
    const fetch: typeof globalThis.fetch = () => {
      const known = requests++ >= refusals;
      return Promise.resolve(
        new Response(JSON.stringify(known ? { position: 1 } : refusal), { status: known ? 200 : 409 }),
      );
    };
    const auth = { autoRefreshToken: false, persistSession: false };
    const runtime = {
      ...systemRuntime,
      monotonic: () => at,
      setTimeout: (callback: () => void, ms: number) => {
        at += ms;
        callback();
      },
    };
    const supabase = createClient("http://localhost", "anon", { auth, global: { fetch } });
    for (
      const act of [
        () => live.raiseHand(supabase, "s1", runtime),
        () => live.report(supabase, { messageId: "m1" }, "spam", undefined, runtime),
      ]
    ) {
      requests = 0;
      if (refusals < asked) deepStrictEqual(await act(), { position: 1 } as never);
      else await rejects(act(), { code: "not_in_session" });
      strictEqual(requests, asked);
    }
  });
}
