/** Owns: the page of cases as one tool: the inbox left, the case that is open in the middle, its room right. */
import { useCallback } from "react";
import { CaseFile } from "../components/CaseFile.tsx";
import { CaseHistory } from "../components/CaseHistory.tsx";
import { CaseList } from "../components/CaseList.tsx";
import { EvidenceList } from "../components/EvidenceList.tsx";
import { Playback } from "../components/Playback.tsx";
import { TakeDownSwitch } from "../components/TakeDownSwitch.tsx";
import { RingSwitch } from "../components/Ringing.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import type { Account } from "../data/useAccount.ts";
import { type InboxState, useCase, useInbox } from "../data/useCases.ts";
import { useEvidence } from "../data/useEvidence.ts";
import { useNow } from "../data/useLive.ts";
import { usePlay, useTakeDown } from "../data/useRecordings.ts";
import { useReasonCodes } from "../data/useReasonCodes.ts";
import { scopesFor } from "../model/actions.ts";
import type { CaseFile as File } from "../model/cases.ts";
import type { Aim } from "../model/intents.ts";
import { OPS_RANK } from "../model/roles.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";
import { CaseRoom } from "./CaseRoom.tsx";

const VIEW = { state: "open" };
const STATES = ["open", "resolved"] as const;

export function CasesPage({ id, account }: { id: string | null; account: Account & { kind: "ops" } }) {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const state: InboxState = oneOf(STATES, params.state);
  const inbox = useInbox(state);
  const now = useNow(5_000);
  return (
    <>
      <div className="lc-title">
        <h1>{t.cases.title}</h1>
        <Freshness of={inbox} />
        <select
          aria-label={t.cases.which}
          value={state}
          onChange={(event) => setParams({ state: event.target.value })}
        >
          {STATES.map((one) => <option key={one} value={one}>{t.cases.state[one]}</option>)}
        </select>
        <RingSwitch />
      </div>
      <div className={id === null ? "lc-tool" : "lc-tool lc-tool-open"}>
        <section className="lc-panel lc-tool-inbox" data-feed="inbox" aria-label={t.cases.title}>
          <Reading of={inbox}>
            {(cases) =>
              cases.length === 0
                ? <Empty>{t.cases.none}</Empty>
                : <CaseList cases={cases} chosen={id} me={account.id} now={now} nameOf={nameFor} />}
          </Reading>
        </section>
        {id === null
          ? (
            <section className="lc-panel" data-feed="case">
              <Empty>{t.cases.choose}</Empty>
            </section>
          )
          : <Opened key={id} id={id} me={account.id} now={now} onChanged={inbox.refresh} />}
      </div>
    </>
  );
}

function Opened(props: { id: string; me: string; now: number; onChanged: () => void }) {
  const links = useLinks();
  const { t } = useWords();
  const codes = useReasonCodes();
  const act = useAct();
  const changed = useCallback(() => props.onChanged(), [props.onChanged]);
  const { file, work } = useCase(props.id, changed);
  const evidence = useEvidence(file.refresh);
  const play = usePlay(file.refresh);
  const takeDown = useTakeDown(file.refresh);
  const about = file.data;
  const place = about?.session ?? null;
  const person = about?.case.user_id ?? null;
  const aim = about === null ? null : aimOf(about);
  const mayKeep = place?.status === "live" && person !== null && about?.case.state !== "resolved";
  return (
    <>
      <section className="lc-panel" data-feed="case">
        <a className="lc-back lc-tool-back" href={links.cases}>← {t.file.inbox}</a>
        <Reading of={file}>
          {(read) => (
            <CaseFile
              file={read}
              me={props.me}
              now={props.now}
              codes={codes}
              nameOf={nameFor}
              work={work}
              onAct={aim && (() => act(aim))}
            >
              {read.recording && (
                <section data-feed="case-recording">
                  <h3>{t.recording.title}</h3>
                  <p className="lc-facts">
                    <bdi>{read.recording.title}</bdi>
                    {read.recording.taken_down_at && <span className="lc-warn">{t.recording.takenDown}</span>}
                  </p>
                  {place && (
                    <TakeDownSwitch
                      recording={{ id: read.recording.id, session_id: place.id }}
                      takenDown={read.recording.taken_down_at !== null}
                      takeDown={takeDown}
                    />
                  )}
                  <Playback recordingId={read.recording.id} play={play} />
                </section>
              )}
              <EvidenceList
                about={read.case.id}
                clips={read.clips}
                evidence={evidence}
                nameOf={nameFor}
                onKeep={mayKeep ? (reason) => evidence.keep(place.id, person, reason) : null}
              />
              <CaseHistory file={read} nameOf={nameFor} />
            </CaseFile>
          )}
        </Reading>
      </section>
      <aside aria-label={t.file.room}>
        {place !== null && <CaseRoom key={place.id} sessionId={place.id} userId={person} />}
        {about !== null && place === null && <Empty>{t.file.noRoom}</Empty>}
      </aside>
    </>
  );
}

/** What ops may do about the person of a case: in its session while that runs, and keeping out in any case. */
function aimOf({ case: item, session }: File): Aim | null {
  if (item.user_id === null) return null;
  const live = session?.status === "live";
  return {
    sessionId: session?.id ?? null,
    target: { id: item.user_id, name: nameFor(item.user_id) },
    actions: live ? ["mute", "chat_mute", "kick", "ban"] : ["ban"],
    roles: [],
    scopes: session ? scopesFor(OPS_RANK) : ["platform"],
    rank: OPS_RANK,
    dryRun: false,
  };
}
