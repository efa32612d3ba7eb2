import { createClient } from "@supabase/supabase-js";
import assert from "node:assert/strict";
import { Intents } from "../src/data/intents.ts";
import { draftOf } from "../src/model/actions.ts";
import {
  type Aim,
  type Intent,
  intentOf,
  isBad,
  isMoving,
  others,
  requestOf,
  restored,
  undoLeft,
  undoOf,
  wantsNote,
} from "../src/model/intents.ts";
import { OPS_RANK } from "../src/model/roles.ts";
import type { ActionName, AuditRow, Standing } from "../src/model/rows.ts";

const AIM: Aim = {
  sessionId: "s",
  target: { id: "p", name: "P" },
  actions: ["mute"],
  roles: [],
  scopes: ["session"],
  rank: OPS_RANK,
  dryRun: false,
};

function done(action: ActionName, before: Standing, more: Partial<Intent> = {}): Intent {
  const row = { status: "applied", before } as AuditRow;
  return {
    ...intentOf("i", "me", AIM, draftOf(action, "p")),
    phase: "done",
    open: false,
    row,
    doneAt: 1_000,
    ...more,
  };
}

Deno.test("taking back puts back what stood before, not merely the opposite", () => {
  assert.equal(undoOf(done("mute", {}))?.action, "unmute");
  const until = new Date(Date.now() + 600_000).toISOString();
  const lengthened = undoOf(done("mute", { mic_muted: true, mic_muted_until: until }));
  assert.equal(lengthened?.action, "mute");
  assert.ok(lengthened.replace && Math.abs(lengthened.seconds! - 600) <= 1);
  assert.deepEqual(undoOf(done("set_role", { role: "listener" }))?.role, "listener");
  assert.equal(undoOf(done("slow_mode", { slow_mode_seconds: 30 }))?.seconds, 30);
  for (const action of ["kick", "announce", "end_session", "unban"] as const) {
    assert.equal(undoOf(done(action, {})), null, action);
  }
  const lifted = { expires_at: until, reason: "Threats" };
  const back = undoOf(done("unban", {}, { aim: { ...AIM, lifted } }));
  assert.ok(back?.action === "ban" && back.reason === "Threats" && Math.abs(back.seconds! - 600) <= 1);
  assert.equal(undoOf(done("ban", { removed: { reason: "earlier" } })), null, "another ban stood already");
});

Deno.test("what one has done one may take back, whatever one's rank; nothing that failed, and no rehearsal", () => {
  const moderator = { ...AIM, rank: 30 };
  assert.equal(undoOf(done("camera_off", {}, { aim: moderator }))?.action, "camera_on");
  assert.equal(undoOf(done("mute", {}, { aim: moderator }))?.action, "unmute");
  assert.equal(undoOf(done("mute", {}, { aim: { ...AIM, dryRun: true } })), null);
  assert.equal(undoOf(done("mute", {}, { row: { status: "failed" } as AuditRow })), null);
});

Deno.test("an act may be taken back for ten seconds, and once", () => {
  assert.equal(undoLeft(done("mute", {}), 3_000), 8_000);
  assert.equal(undoLeft(done("mute", {}), 11_000), 0);
  assert.equal(undoLeft(done("mute", {}, { undone: true }), 3_000), 0);
});

Deno.test("after a reload what was under way is asked for, and nobody sees another's", () => {
  const sending: Intent = { ...intentOf("i", "me", AIM, draftOf("mute", "p")), phase: "sending", sentAt: 5 };
  assert.deepEqual(restored([sending], "me", 10).map((one) => one.phase), ["checking"]);
  assert.deepEqual(restored([sending], "somebody", 10), []);
  assert.deepEqual(restored("nonsense", "me", 10), []);
});

Deno.test("what failed after the form was closed is bad news, and what was called back is not", () => {
  assert.ok(isBad(done("mute", {}, { row: { status: "failed" } as AuditRow })));
  assert.ok(isBad(done("mute", {}, { phase: "refused" })));
  assert.ok(!isBad(done("mute", {}, { phase: "withdrawn" })));
});

/** A data API that answers as told, in order, and remembers what it was asked. */
async function withApi(
  answers: (Response | "lost")[],
  play: (intents: Intents, asked: string[]) => Promise<void>,
) {
  const asked: string[] = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const address = new URL(input instanceof Request ? input.url : String(input));
    asked.push(`${init?.method ?? "GET"} ${address.pathname.split("/").at(-1)}`);
    const answer = answers.shift() ?? Response.json([]);
    return answer === "lost" ? Promise.reject(new TypeError("lost")) : Promise.resolve(answer);
  };
  const client = createClient("http://127.0.0.1:9", "k", { db: { retry: false } });
  const intents = new Intents(client, null);
  intents.belongTo("me");
  try {
    await play(intents, asked);
  } finally {
    intents.forget();
    globalThis.fetch = fetched;
  }
}

async function reaches(intents: Intents, phase: Intent["phase"]): Promise<Intent> {
  for (;;) {
    const found = intents.all().find((one) => one.phase === phase);
    if (found) return found;
    await new Promise((resolve) => intents.subscribe(() => resolve(null)));
  }
}

const quiet = { sanitizeOps: false, sanitizeResources: false };

Deno.test("a lost answer is asked for by its id, and what is there is not sent again", quiet, async () => {
  const row = { action_id: "i", status: "applied", before: {}, after: {} };
  await withApi(["lost", Response.json([row])], async (intents, asked) => {
    const id = intents.open(AIM, draftOf("mute", "p"));
    intents.send(id);
    const found = await reaches(intents, "done");
    assert.equal(found.id, id);
    assert.deepEqual(asked, ["POST moderation_actions", "GET moderation_audit"]);
  });
});

Deno.test("what nobody has is sent again under the same id", quiet, async () => {
  const taken = new Response(JSON.stringify({ code: "23505", message: "duplicate" }), { status: 409 });
  await withApi(["lost", Response.json([]), taken], async (intents, asked) => {
    intents.send(intents.open(AIM, draftOf("mute", "p")));
    await reaches(intents, "done");
    assert.deepEqual(asked.slice(0, 3), [
      "POST moderation_actions",
      "GET moderation_audit",
      "POST moderation_actions",
    ]);
  });
});

Deno.test("closing a form calls back what was sent: withdrawn, or too late", quiet, async () => {
  for (
    const [answer, phase, tooLate] of [
      [Response.json({ status: "cancelled" }), "withdrawn", false],
      [
        new Response(JSON.stringify({ code: "PT409", hint: "too_late", message: "" }), { status: 409 }),
        "done",
        true,
      ],
    ] as const
  ) {
    await withApi(["lost", "lost", answer], async (intents) => {
      const id = intents.open(AIM, draftOf("mute", "p"));
      intents.send(id);
      await reaches(intents, "checking");
      intents.close(id);
      assert.equal((await reaches(intents, phase)).tooLate, tooLate);
    });
  }
});

Deno.test("a refusal leaves the form with what was typed; without the form it is listed", quiet, async () => {
  const no = () =>
    new Response(JSON.stringify({ code: "PT403", hint: "not_allowed", message: "" }), { status: 403 });
  await withApi([no()], async (intents) => {
    const id = intents.open(AIM, { ...draftOf("mute", "p"), reason: "long words" });
    intents.send(id);
    await reaches(intents, "sending");
    const back = await reaches(intents, "draft");
    assert.deepEqual([back.id, back.draft.reason, back.failure?.code], [id, "long words", "not_allowed"]);
  });
});

Deno.test("an act on several people is one act each, with an id of its own and one press in common", () => {
  const aim = { ...AIM, also: [{ id: "q", name: "Q" }, { id: "r", name: "R" }] };
  const first = intentOf("1", "me", aim, { ...draftOf("ban", "p"), reason: "wave" });
  let n = 1;
  const more = others(first, () => String(++n), 5);
  assert.deepEqual(
    more.map((
      one,
    ) => [one.id, requestOf(one).target_user_id, requestOf(one).reason, one.batch, one.aim.also]),
    [["2", "q", "wave", "1", undefined], ["3", "r", "wave", "1", undefined]],
  );
});

Deno.test("a private note waits for its act, is kept once, and is never one of a moderator's or a rehearsal's", () => {
  const noted = { draft: { ...draftOf("mute", "p"), note: "Third time." } };
  const act = done("mute", {}, noted);
  assert.ok(wantsNote(act) && isMoving(act), "also when the act itself is through");
  assert.ok(!wantsNote({ ...act, phase: "sending" }));
  assert.ok(!wantsNote({ ...act, noted: true }));
  assert.ok(!wantsNote({ ...act, aim: { ...AIM, rank: 30 } }));
  assert.ok(!wantsNote({ ...act, aim: { ...AIM, dryRun: true } }));
});
