/** Owns: a person's bans: where, why, until when, and whether each is in force. */
import type { Ban } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { Name } from "./Title.tsx";

export interface BanListProps {
  bans: Ban[];
  now: number;
  nameOf: (userId: string) => string;
  onLift: (ban: Ban) => void;
  /** Whether to name whom it keeps out: not on that person's own page. */
  named?: boolean;
}

export function BanList({ bans, now, nameOf, onLift, named = false }: BanListProps) {
  const { t, f } = useWords();
  return (
    <ol className="lc-feed">
      {bans.map((ban) => {
        const over = ban.expires_at !== null && Date.parse(ban.expires_at) <= now;
        const stands = ban.lifted_at === null && !over;
        const where = ban.creator_id ? nameOf(ban.creator_id) : null;
        return (
          <li key={ban.id} data-ban={ban.scope} data-stands={stands}>
            <time dateTime={ban.created_at}>{f.stamp(ban.created_at)}</time>
            <div>
              {named && <Name>{nameOf(ban.user_id)}</Name>}{" "}
              <span className="lc-what">{t.action.scopeName[ban.scope]}</span> {named ? null : where}
              <span className="lc-sub">
                {ban.reason && `${ban.reason} · `}
                {ban.expires_at === null ? t.person.forEver : t.person.until(f.moment(ban.expires_at))}
              </span>
            </div>
            {stands
              ? (
                <span className="lc-ban">
                  <span className="lc-bad">{t.person.standing}</span>
                  <button
                    type="button"
                    className="lc-button"
                    aria-label={t.person.liftOf(t.action.scopeName[ban.scope])}
                    onClick={() => onLift(ban)}
                  >
                    {t.person.lift}
                  </button>
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
    </ol>
  );
}
