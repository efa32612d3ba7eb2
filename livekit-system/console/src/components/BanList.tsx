/** Owns: a person's bans: where, why, until when, and whether each is in force. */
import type { Ban } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Name } from "./Title.tsx";

export interface BanListProps {
  bans: Ban[];
  now: number;
  nameOf: (userId: string) => string;
  /** Whether to name the person: not on their own page. */
  named?: boolean;
  /** Null for what this reader may not lift. */
  onLift: (ban: Ban) => (() => void) | null;
}

export function BanList({ bans, now, nameOf, named = false, onLift }: BanListProps) {
  const { t, f } = useWords();
  return (
    <ScrollList className="lc-feed">
      {bans.map((ban) => {
        const over = ban.expires_at !== null && Date.parse(ban.expires_at) <= now;
        const stands = ban.lifted_at === null && !over;
        const where = ban.creator_id ? nameOf(ban.creator_id) : null;
        const lift = stands ? onLift(ban) : null;
        const scope = t.action.scopeName[ban.scope];
        return (
          <li key={ban.id} data-ban={ban.scope} data-stands={stands}>
            <time dateTime={ban.created_at}>{f.stamp(ban.created_at)}</time>
            <div>
              {named && (
                <>
                  <Name>{nameOf(ban.user_id)}</Name>
                  {" · "}
                </>
              )}
              <span className="lc-what">{scope}</span> {named ? null : where}
              <span className="lc-sub">
                {[
                  ban.reason,
                  ban.created_by && t.acts.bannedBy(nameOf(ban.created_by)),
                  ban.expires_at === null ? t.person.forEver : t.person.until(f.zoned(ban.expires_at)),
                  ban.lifted_by && t.acts.liftedBy(nameOf(ban.lifted_by)),
                ].filter(Boolean).join(" · ")}
              </span>
            </div>
            {stands
              ? (
                <span className="lc-ban">
                  <span className="lc-bad">{t.person.standing}</span>
                  {lift && (
                    <button
                      type="button"
                      className="lc-button"
                      data-act={`lift ${ban.id}`}
                      aria-label={named ? t.acts.liftFor(nameOf(ban.user_id)) : t.person.liftOf(scope)}
                      onClick={lift}
                    >
                      {t.person.lift}
                    </button>
                  )}
                </span>
              )
              : (
                <span className="lc-muted">
                  {ban.lifted_at !== null
                    ? t.person.lifted(f.time(ban.lifted_at))
                    : t.person.expired(f.time(ban.expires_at!))}
                </span>
              )}
          </li>
        );
      })}
    </ScrollList>
  );
}
