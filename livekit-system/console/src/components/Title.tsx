/** Owns: how names and titles stand on the screen: by themselves, of one height, and with something to click on. */
import { isolated, shortId, visible } from "../model/names.ts";
import { useWords } from "../texts/useWords.ts";
import type { Words } from "../texts/words.ts";

/** A title as a string, for labels. */
export function titleOf(session: { id: string; title: string }, t: Words): string {
  return isolated(visible(session.title)) || t.rooms.untitled(shortId(session.id));
}

export function Title({ session }: { session: { id: string; title: string } }) {
  const { t } = useWords();
  return <bdi className="lc-said">{titleOf(session, t)}</bdi>;
}

export function Name({ children }: { children: string }) {
  return <bdi className="lc-said">{children}</bdi>;
}
