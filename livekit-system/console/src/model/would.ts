/** What a dry run says would be: the difference between `before` and `after`, in words. Pure. */
import type { Words } from "../texts/words.ts";
import type { AuditRow, PreviewOf, Standing } from "./rows.ts";

const SWITCHES = ["mic_muted", "camera_off", "chat_muted", "mute_all"] as const;

export function would(row: Pick<AuditRow, "before" | "after">, t: Words): string[] {
  const before = row.before ?? {};
  const after = row.after ?? {};
  const words = t.action.would;
  const changed = (name: keyof Standing) =>
    JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null);
  const said: string[] = [];
  if (after.invited && after.invited_role) said.push(words.invited(t.role[after.invited_role]));
  if (after.role && changed("role")) said.push(words.role(t.role[after.role]));
  for (const name of SWITCHES) {
    const timed = name === "mic_muted"
      ? "mic_muted_until"
      : name === "chat_muted"
      ? "chat_muted_until"
      : name;
    if (changed(name) || changed(timed)) said.push(words[name](after[name] === true));
  }
  if (changed("removed")) said.push(words.removed(after.removed != null));
  if (after.kicked) said.push(words.kicked());
  if (changed("status")) said.push(words.status());
  if (changed("slow_mode_seconds")) said.push(words.slow_mode_seconds(after.slow_mode_seconds ?? 0));
  if (after.chat_mode && changed("chat_mode")) said.push(t.action.chatModeName[after.chat_mode]);
  if (after.people !== undefined) said.push(words.people(after.people));
  return said.length > 0 ? said : [words.nothing];
}

/** Of several people, those of whom the same would become, or who are refused for the same; most first. */
export interface Outcome {
  said: string;
  refused: boolean;
  users: string[];
}

/** `why`: a refusal in words. */
export function outcomesOf(
  previews: PreviewOf[],
  t: Words,
  why: (refused: NonNullable<PreviewOf["refused"]>) => string,
): Outcome[] {
  const found = new Map<string, Outcome>();
  for (const preview of previews) {
    const refused = preview.refused !== null;
    const said = preview.refused ? why(preview.refused) : would(preview, t).join("; ");
    const outcome = found.get(`${refused} ${said}`) ?? { said, refused, users: [] };
    outcome.users.push(preview.user_id);
    found.set(`${refused} ${said}`, outcome);
  }
  return [...found.values()].sort((one, other) => other.users.length - one.users.length);
}
