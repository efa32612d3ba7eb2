/** Owns: the page of one person: what they did, what was done, and lifting a ban. */
import { AuditList } from "../components/ActionLine.tsx";
import { BanList } from "../components/BanList.tsx";
import { IncidentList } from "../components/Feeds.tsx";
import { NoteList } from "../components/NoteList.tsx";
import { AllowSwitch } from "../components/RecordingRules.tsx";
import { ScrollList } from "../components/ScrollList.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { Name, Title, titleOf } from "../components/Title.tsx";
import { useSupabase } from "../data/client.ts";
import { useCalls } from "../data/useCalls.ts";
import { useNotes } from "../data/useNotes.ts";
import { useRecordingRules } from "../data/useRecordingRules.ts";
import { nameFor } from "../data/names.ts";
import { useIntents, useRefreshedByActs } from "../data/useIntents.ts";
import { useNow } from "../data/useLive.ts";
import { placeToLift, usePerson, type Visited } from "../data/usePerson.ts";
import { draftOf, offers, offersAfterEnd, rolesFor, scopesFor } from "../model/actions.ts";
import type { Aim } from "../model/intents.ts";
import { chatMuted } from "../model/people.ts";
import { clock, secondsLeft } from "../model/time.ts";
import { OPS_RANK } from "../model/roles.ts";
import type { Ban } from "../model/rows.ts";
import { shortId, visible } from "../model/names.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";
import { CallFeed } from "./CallFeed.tsx";

export function PersonPage({ id }: { id: string }) {
  const links = useLinks();
  const { t } = useWords();
  const client = useSupabase();
  const person = usePerson(id);
  const { notes, add } = useNotes(id);
  const calls = useCalls(null, id);
  const now = useNow(5_000);
  const { intents } = useIntents();
  useRefreshedByActs([person, calls]);
  const act = useAct();

  async function lift(ban: Ban) {
    const sessionId = await placeToLift(client, ban).catch(() => undefined);
    const aim = {
      target: { id, name: nameFor(id) },
      actions: ["unban" as const],
      roles: [],
      scopes: [],
      rank: OPS_RANK,
      lifted: { expires_at: ban.expires_at, reason: ban.reason },
    };
    intents.open({ ...aim, sessionId: sessionId ?? ban.session_id, dryRun: false }, {
      ...draftOf("unban", id),
      scope: ban.scope,
    });
  }

  return (
    <Reading of={person}>
      {({ profile, sessions, incidents, actions, bans }) => (
        <>
          <a className="lc-back" href={links.people}>← {t.person.title}</a>
          <div className="lc-title">
            <h1>
              <Name>{nameFor(id)}</Name>
            </h1>
            {profile && <bdi className="lc-sub lc-said">@{visible(profile.username)} · {shortId(id)}</bdi>}
            <Freshness of={person} />
            <button
              type="button"
              className="lc-button"
              data-act="platform"
              onClick={() => act(onPlatform(id))}
            >
              {t.person.actOnPlatform}
            </button>
          </div>
          <div className="lc-columns">
            <div className="lc-side">
              <section className="lc-panel" data-feed="bans">
                <h2>{t.person.bans}</h2>
                {bans.length > 0
                  ? <BanList bans={bans} now={now} nameOf={nameFor} onLift={(ban) => () => void lift(ban)} />
                  : <Empty>{t.person.noBans}</Empty>}
              </section>
              {sessions.some((one) => one.live_sessions.creator_id === id) && <Recorded creatorId={id} />}
              <section className="lc-panel" data-feed="notes">
                <h2>{t.acts.notes}</h2>
                <Reading of={notes}>
                  {(read) => <NoteList about={id} notes={read} nameOf={nameFor} onAdd={add} />}
                </Reading>
              </section>
              <section className="lc-panel" data-feed="audit">
                <h2>{t.person.actions}</h2>
                {actions.length > 0
                  ? <AuditList rows={actions} named={false} hrefOf={null} nameOf={nameFor} />
                  : <Empty>{t.feed.noAudit}</Empty>}
              </section>
            </div>
            <div className="lc-side">
              <section className="lc-panel">
                <h2>{t.person.incidents}</h2>
                {incidents.length > 0
                  ? <IncidentList incidents={incidents} nameOf={null} />
                  : <Empty>{t.feed.noIncidents}</Empty>}
              </section>
              <section className="lc-panel">
                <h2>{t.person.sessions}</h2>
                {sessions.length > 0
                  ? (
                    <Sessions
                      sessions={sessions}
                      now={now}
                      onAct={(visited) => act(inSession(id, visited))}
                    />
                  )
                  : <Empty>{t.person.noSessions}</Empty>}
              </section>
              <section className="lc-panel" data-feed="calls">
                <h2>{t.acts.calls.title}</h2>
                <CallFeed calls={calls} none={t.acts.calls.noneOver} now={now} />
              </section>
            </div>
          </div>
        </>
      )}
    </Reading>
  );
}

/** All that can be done to somebody without a session. */
function onPlatform(id: string): Aim {
  const target = { id, name: nameFor(id) };
  return {
    sessionId: null,
    target,
    actions: ["ban"],
    roles: [],
    scopes: ["platform"],
    rank: OPS_RANK,
    dryRun: false,
  };
}

/** What can be done in a session that they are or were in: all of it while it runs, and keeping out for ever after. */
function inSession(id: string, visited: Visited): Aim {
  const { type, status } = visited.live_sessions;
  const target = { id, name: nameFor(id) };
  const actions = status === "live"
    ? offers(OPS_RANK, visited, type, chatMuted(visited, Date.now()))
    : offersAfterEnd(OPS_RANK, visited);
  const roles = rolesFor(OPS_RANK, type, visited.role);
  return {
    sessionId: visited.session_id,
    target,
    actions,
    roles,
    scopes: scopesFor(OPS_RANK),
    rank: OPS_RANK,
    dryRun: false,
  };
}

interface SessionsProps {
  sessions: Visited[];
  now: number;
  onAct: (visited: Visited) => void;
}

function Sessions({ sessions, now, onAct }: SessionsProps) {
  const links = useLinks();
  const { t, f } = useWords();
  return (
    <ScrollList className="lc-feed">
      {sessions.map((visited) => (
        <li key={visited.session_id}>
          <time dateTime={visited.last_joined_at ?? undefined}>
            {visited.last_joined_at && f.moment(visited.last_joined_at)}
          </time>
          <div>
            <a href={links.room(visited.session_id)}>
              <Title session={{ id: visited.session_id, title: visited.live_sessions.title }} />
            </a>
            <span className="lc-sub">
              {t.role[visited.role]} · {t.type[visited.live_sessions.type]} ·{" "}
              {t.person.watched(f.length(visited.watch_seconds))}
            </span>
            <Standing visited={visited} now={now} />
          </div>
          {visited.is_online && <span className="lc-fresh">{t.state.live}</span>}
          {visited.live_sessions.status !== "scheduled" && (
            <button
              type="button"
              className="lc-button"
              data-act={visited.session_id}
              aria-label={t.person.actIn(
                titleOf({ id: visited.session_id, title: visited.live_sessions.title }, t),
              )}
              onClick={() => onAct(visited)}
            >
              {t.room.actShort}
            </button>
          )}
        </li>
      ))}
    </ScrollList>
  );
}

/** What holds against them there, and what remains of it; of a session that is over nothing does. */
function Standing({ visited, now }: { visited: Visited; now: number }) {
  const { t, f } = useWords();
  if (visited.live_sessions.status === "ended") return null;
  const timed = (until: string | null, for_ever: string, words: (time: string, left: string) => string) =>
    until === null || until === "infinity" ? for_ever : words(f.zoned(until), clock(secondsLeft(until, now)));
  const holds = [
    visited.mic_muted && timed(visited.mic_muted_until, t.room.mic.muted, t.room.micUntil),
    chatMuted(visited, now) && timed(visited.chat_muted_until, t.room.chatMuted, t.room.chatUntil),
    visited.camera_off && t.room.camera.off,
  ].filter(Boolean);
  return holds.length > 0 && <span className="lc-sub lc-standing">{holds.join(" · ")}</span>;
}

/** Whether a creator's sessions are recorded. */
function Recorded({ creatorId }: { creatorId: string }) {
  const { t, f } = useWords();
  const { rules, allow } = useRecordingRules();
  return (
    <section className="lc-panel" data-feed="recorded">
      <h2>{t.recording.title}</h2>
      <Reading of={rules}>
        {({ stops }) => {
          const stop = stops.find((one) => one.creator_id === creatorId);
          return (
            <>
              <p className="lc-sub">
                {stop ? t.recording.forbidden(f.moment(stop.stopped_at), stop.reason) : t.recording.allowed}
              </p>
              <AllowSwitch creatorId={creatorId} allowed={stop === undefined} allow={allow} />
            </>
          );
        }}
      </Reading>
    </section>
  );
}
