/** Owns: what a room is, in one glance, and the doors to acting on all of it. */
import { modeOf } from "../model/policy.ts";
import type { AgentState } from "../model/rooms.ts";
import type { PolicyOverride, Session } from "../model/rows.ts";
import { clock, secondsBetween } from "../model/time.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { Title } from "./Title.tsx";

export interface RoomHeadProps {
  session: Session;
  creator: string;
  agent: AgentState;
  policy: PolicyOverride | null;
  /** Where it is edited; null for who may not. */
  policyHref: string | null;
  now: number;
  dryRun: boolean;
  onDryRun: (on: boolean) => void;
  /** Null when nothing may be done to the whole room. */
  onAct: (() => void) | null;
}

export function RoomHead(props: RoomHeadProps) {
  const { session, creator, agent, policy, policyHref, now, dryRun, onDryRun, onAct } = props;
  const links = useLinks();
  const { t, f } = useWords();
  const end = session.ended_at === null ? now : Date.parse(session.ended_at);
  return (
    <div className="lc-room-head">
      <a className="lc-back" href={links.rooms}>← {t.rooms.title}</a>
      <div className="lc-title">
        <h1>
          <Title session={session} />
        </h1>
        {session.status === "ended" && <span className="lc-tag">{t.room.ended}</span>}
        {session.mute_all_rank !== null && <span className="lc-tag lc-tag-warn">{t.room.mutedAll}</span>}
        {session.host_left_at !== null && session.status === "live" && (
          <span className="lc-tag lc-tag-warn">{t.rooms.hostGone}</span>
        )}
      </div>
      <p className="lc-facts">
        <bdi className="lc-said">{creator}</bdi>
        <span>{t.type[session.type]} · {t.access[session.access_type]}</span>
        <span>
          {t.room.online(session.viewer_count)} · {t.rooms.column.peak}{" "}
          {f.whole(Math.max(session.peak_viewers, session.viewer_count))}
        </span>
        <span>{t.rooms.column.seconds} {clock(secondsBetween(session.started_at, end) ?? 0)}</span>
        {session.status === "live" && <Agent agent={agent} />}
        <span>
          {t.room.policy(t.switches.mode[modeOf(policy)])}
          {policyHref && (
            <>
              {" "}
              <a href={policyHref}>{t.policy.openOf}</a>
            </>
          )}
        </span>
        <span>{t.rooms.column.gifts} {f.whole(session.total_gift_coins)}</span>
      </p>
      {session.status === "live" && (
        <div className="lc-room-tools">
          <label className={dryRun ? "lc-check lc-rehearsal" : "lc-check"} title={t.action.rehearseNote}>
            <input type="checkbox" checked={dryRun} onChange={(event) => onDryRun(event.target.checked)} />
            {dryRun ? t.action.rehearseOn : t.action.rehearse}
          </label>
          {onAct && (
            <button type="button" className="lc-button" data-act="room" onClick={onAct}>
              {t.room.whole}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Agent({ agent }: { agent: AgentState }) {
  const { t } = useWords();
  if (agent.kind === "unknown") return null;
  if (agent.kind === "absent") return <span className="lc-bad">{t.rooms.noAgent}</span>;
  return (
    <span title={agent.worker}>
      {t.rooms.column.agent} {t.rooms.agentSince(clock(agent.seconds))}
    </span>
  );
}
