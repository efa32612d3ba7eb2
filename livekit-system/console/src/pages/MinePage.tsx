/** Owns: a creator's own page: their sessions with a summary of each, and whom they keep out. */
import { BanList } from "../components/BanList.tsx";
import { type Column, FigureTable } from "../components/FigureTable.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { Title } from "../components/Title.tsx";
import { useSupabase } from "../data/client.ts";
import { nameFor } from "../data/names.ts";
import { useIntents, useRefreshedByActs } from "../data/useIntents.ts";
import { useNow } from "../data/useLive.ts";
import { type OwnSession, useMine } from "../data/useMine.ts";
import { placeToLift } from "../data/usePerson.ts";
import { draftOf } from "../model/actions.ts";
import { HOST_RANK } from "../model/roles.ts";
import type { Ban } from "../model/rows.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

export function MinePage({ me }: { me: string }) {
  const { t } = useWords();
  const client = useSupabase();
  const mine = useMine(me);
  const now = useNow(5_000);
  const { intents } = useIntents();
  useRefreshedByActs([mine]);

  async function lift(ban: Ban) {
    const sessionId = await placeToLift(client, ban).catch(() => undefined);
    const aim = {
      sessionId: sessionId ?? ban.session_id,
      target: { id: ban.user_id, name: nameFor(ban.user_id) },
      actions: ["unban" as const],
      roles: [],
      scopes: [],
      rank: HOST_RANK,
      dryRun: false,
    };
    intents.open(aim, { ...draftOf("unban", ban.user_id), scope: ban.scope });
  }

  return (
    <>
      <div className="lc-title">
        <h1>{t.mine.title}</h1>
        <Freshness of={mine} />
      </div>
      <Reading of={mine}>
        {({ sessions, bans }) => (
          <>
            <section className="lc-panel" data-feed="own-sessions">
              <h2>{t.mine.sessions}</h2>
              {sessions.length === 0 ? <Empty>{t.mine.noSessions}</Empty> : <Summaries sessions={sessions} />}
            </section>
            <section className="lc-panel" data-feed="bans">
              <h2>{t.mine.bans}</h2>
              {bans.length === 0 ? <Empty>{t.mine.noBans}</Empty> : (
                <BanList
                  bans={bans}
                  now={now}
                  nameOf={nameFor}
                  onLift={(ban) => () => void lift(ban)}
                  named
                />
              )}
            </section>
          </>
        )}
      </Reading>
    </>
  );
}

function Summaries({ sessions }: { sessions: OwnSession[] }) {
  const links = useLinks();
  const { t, f } = useWords();
  const columns: Column<OwnSession>[] = [
    {
      name: t.reports.session,
      of: (row) => (
        <>
          <a href={links.room(row.session_id)}>
            <Title session={{ id: row.session_id, title: row.title }} />
          </a>
          <span className="lc-sub">{row.started_at && f.moment(row.started_at)}</span>
        </>
      ),
    },
    { name: t.reports.people, of: (row) => f.whole(row.people), number: true },
    { name: t.reports.peak, of: (row) => f.whole(row.peak_viewers), number: true },
    { name: t.reports.time, of: (row) => f.length(row.duration_seconds ?? 0), number: true },
    { name: t.chat.title, of: (row) => f.whole(row.messages), number: true },
    { name: t.reports.gifts, of: (row) => f.whole(row.gifts), number: true },
    { name: t.reports.coins, of: (row) => f.whole(row.total_coins), number: true },
  ];
  return (
    <FigureTable
      caption={t.mine.summary}
      columns={columns}
      rows={sessions}
      keyOf={(row) => row.session_id}
    />
  );
}
