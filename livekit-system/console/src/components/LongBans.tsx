/** Owns: the list of long bans that a second operator confirms. */
import { useState } from "react";
import type { Failure } from "../data/failure.ts";
import type { LongBan, LongBanWork } from "../data/useLongBans.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface LongBansProps extends Pick<LongBanWork, "confirm"> {
  bans: LongBan[];
  nameOf: (userId: string) => string;
}

export function LongBans({ bans, nameOf, confirm }: LongBansProps) {
  const links = useLinks();
  const { t, f } = useWords();
  const [failure, setFailure] = useState<Failure | null>(null);
  return (
    <>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      <ScrollList className="lc-feed">
        {bans.map((ban) => (
          <li key={ban.id} data-long-ban={ban.id}>
            <time dateTime={ban.created_at}>{f.stamp(ban.created_at)}</time>
            <div>
              <a href={links.person(ban.user_id)}>
                <Name>{nameOf(ban.user_id)}</Name>
              </a>
              <span className="lc-sub">
                {[
                  ban.reason,
                  ban.expires_at && t.person.until(f.moment(ban.expires_at)),
                  t.appeals.wanted(
                    ban.wanted_until === "infinity" ? t.action.forEver : f.moment(ban.wanted_until),
                  ),
                ].filter(Boolean).join(" · ")}
              </span>
            </div>
            <button type="button" className="lc-button" onClick={() => void confirm(ban.id).then(setFailure)}>
              {t.appeals.confirm}
            </button>
          </li>
        ))}
      </ScrollList>
    </>
  );
}
