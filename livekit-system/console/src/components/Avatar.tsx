/** Owns: the picture of somebody who is called like somebody else: it tells the two apart at a glance. */
import { useContext } from "react";
import { ProjectContext } from "../data/client.ts";
import { isAlike } from "../data/names.ts";
import type { Card } from "../model/rows.ts";

/** Nothing where nobody is called alike, and for a picture from elsewhere: its server would learn who looks. */
export function Avatar({ card }: { card: Pick<Card, "id" | "avatar"> }) {
  const project = useContext(ProjectContext);
  const { avatar } = card;
  if (avatar === null || project === null || !URL.canParse(avatar) || !isAlike(card.id)) return null;
  if (new URL(avatar).origin !== new URL(project).origin) return null;
  return <img className="lc-avatar" src={avatar} alt="" width={20} height={20} loading="lazy" />;
}
