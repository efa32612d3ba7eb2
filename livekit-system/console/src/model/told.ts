/** What the person concerned reads of an act, in the words that the agent sends them. Pure. */
import notices from "../../../schemas/notices.json" with { type: "json" };
import type { Draft } from "./actions.ts";
import type { Lang } from "./feed.ts";
import type { ActionName, ReasonCode, Standing } from "./rows.ts";

const TOLD: Partial<Record<ActionName, keyof typeof notices>> = {
  mute: "muted",
  unmute: "unmuted",
  camera_off: "camera_off",
  camera_on: "camera_on",
  chat_mute: "chat_muted",
  chat_unmute: "chat_unmuted",
  set_role: "role_changed",
  kick: "removed",
  ban: "removed",
};

/** The whole notice; null when none is sent. `after`: what a preview said would be. */
export function toldOf(
  draft: Draft,
  codes: ReasonCode[],
  after: Standing | null,
  lang: Lang,
): string | null {
  const kind = draft.action === "set_role" && after?.invited ? "invited" : TOLD[draft.action];
  if (kind === undefined) return null;
  const code = codes.find((one) => one.code === draft.code);
  const own = draft.reason.trim();
  const sentence = notices[kind].text[lang];
  const why = code && (lang === "tr" ? code.text_tr : code.text_en);
  return [sentence, why, own && `(${own})`].filter(Boolean).join(" ");
}
