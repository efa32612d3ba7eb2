/** Owns: the page of appeals. */
import { AppealList } from "../components/AppealList.tsx";
import { LongBans } from "../components/LongBans.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { useAppeals } from "../data/useAppeals.ts";
import { useLongBans } from "../data/useLongBans.ts";
import { useWords } from "../texts/useWords.ts";

export function AppealsPage({ me }: { me: string }) {
  const { t } = useWords();
  const { open, decide } = useAppeals();
  const bans = useLongBans(me);
  return (
    <>
      <div className="lc-title">
        <h1>{t.appeals.title}</h1>
        <Freshness of={open} />
      </div>
      <p className="lc-muted">{t.appeals.note}</p>
      <Reading of={open}>
        {(appeals) =>
          appeals.length === 0
            ? <Empty>{t.appeals.none}</Empty>
            : <AppealList appeals={appeals} nameOf={nameFor} decide={decide} />}
      </Reading>
      <section data-feed="long-bans">
        <h2>{t.appeals.longBans}</h2>
        <Reading of={bans.waiting}>
          {(waiting) =>
            waiting.length === 0
              ? <Empty>{t.appeals.noLongBans}</Empty>
              : <LongBans bans={waiting} nameOf={nameFor} confirm={bans.confirm} />}
        </Reading>
      </section>
    </>
  );
}
