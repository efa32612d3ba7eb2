/** Owns: recordings as a list: what is recorded now, by whose wish, how long, what went wrong, and watching one. */
import { useRef, useState } from "react";
import type { Failure } from "../data/failure.ts";
import type { RecordingWork } from "../data/useRecordings.ts";
import { askedBy, isOpen, isRecording, minutesOf, type Recording } from "../model/recordings.ts";
import { clock } from "../model/time.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useFocusWhileThere } from "./focus.ts";
import { ScrollList } from "./ScrollList.tsx";
import { PartFiles, Playback, Thumbnail } from "./Playback.tsx";
import { explain } from "./States.tsx";
import { Confirm } from "./Switches.tsx";
import { TakeDownSwitch } from "./TakeDownSwitch.tsx";
import { Name, Title } from "./Title.tsx";

export interface RecordingListProps {
  rows: Recording[];
  work: Omit<RecordingWork, "recordings" | "start">;
  /** Who holds one, takes one down and restores it. */
  ops: boolean;
  now: number;
  nameOf: (userId: string) => string;
  /** Whether to name the session: not on its own page. */
  named: boolean;
}

const TONE: Partial<Record<Recording["state"], string>> = {
  active: "lc-tag-bad",
  stopping: "lc-tag-bad",
  failed: "lc-tag-warn",
};

export function RecordingList({ rows, ...rest }: RecordingListProps) {
  return (
    <ScrollList className="lc-feed lc-found" data-feed="recordings">
      {rows.map((row) => <Line key={row.id} row={row} {...rest} />)}
    </ScrollList>
  );
}

function Line(
  { row, now, nameOf, named, work, ops }: Omit<RecordingListProps, "rows"> & {
    row: Recording;
  },
) {
  const { t, f } = useWords();
  const links = useLinks();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [asking, setAsking] = useState<"hold" | "delete" | null>(null);
  const who = askedBy(row);
  const over = ["ready", "failed", "aborted"].includes(row.state);

  async function changeHold(reason: string, forget: () => void) {
    const refused = await work.hold(row.id, !row.legal_hold, reason);
    setFailure(refused);
    if (refused !== null) return;
    setAsking(null);
    forget();
  }

  async function removeIt() {
    setAsking(null);
    setFailure(await work.remove(row.id));
  }

  return (
    <li data-recording={row.id} data-state={row.state}>
      <div>
        {isRecording(row) && <span className="lc-dot" aria-hidden="true" />}
        {row.legal_hold && <span className="lc-tag lc-tag-warn">{t.evidence.held}</span>}
        {row.live_vods?.taken_down_at && <span className="lc-tag lc-tag-warn">{t.recording.takenDown}</span>}
        <Thumbnail path={row.live_vods?.thumbnail ?? null} />
        <span className={`lc-tag ${TONE[row.state] ?? ""}`}>{t.recording.state[row.state]}</span>{" "}
        <span className="lc-what">{t.recording.mode[row.mode]}</span>{" "}
        {named && row.live_sessions && (
          <a href={links.room(row.session_id)}>
            <Title session={{ id: row.session_id, title: row.live_sessions.title }} />
          </a>
        )}
        <span className="lc-sub">
          {[
            f.stamp(row.requested_at),
            t.recording.asked(who ? nameOf(who) : t.action.via[row.requested_via]),
            t.recording.minutes(f.whole(minutesOf(row, now))),
            row.duration_seconds !== null && clock(row.duration_seconds),
            row.state === "requested" && t.recording.begins(f.time(row.begins_at)),
            row.mp4 && t.recording.mp4,
            row.live_vods?.published_at && t.recording.published(f.moment(row.live_vods.published_at)),
            isOpen(row) && t.recording.untilAtMost(f.time(row.max_until)),
            row.unwanted_why && t.recording.ended[row.unwanted_why],
            row.retention_until && t.evidence.until(f.moment(row.retention_until)),
          ].filter(Boolean).join(" · ")}
        </span>
        {row.error_code && (
          <span className="lc-error">
            {t.recording.error[row.error_code] ?? row.error_code}
            {row.error && ` (${row.error})`}
          </span>
        )}
        {row.gaps.length > 0 && (
          <span className="lc-sub lc-warn">
            {row.gaps.map((gap) => t.recording.gap(f.time(gap.from_at), f.time(gap.to_at))).join(" · ")}
          </span>
        )}
      </div>
      <div className="lc-buttons lc-left">
        {row.wanted && (
          <button
            type="button"
            className="lc-button"
            onClick={() => void work.stop(row.id).then(setFailure)}
          >
            {t.recording.stop}
          </button>
        )}
        {ops && row.state !== "deleted" && asking === null && (
          <button
            type="button"
            className="lc-button lc-quiet"
            onClick={() => setAsking("hold")}
          >
            {row.legal_hold ? t.evidence.release : t.evidence.hold}
          </button>
        )}
        {over && asking === null && (
          <button
            type="button"
            className="lc-button lc-quiet"
            disabled={row.legal_hold}
            onClick={() => setAsking("delete")}
          >
            {t.recording.remove}
          </button>
        )}
        {asking === "delete" && (
          <SureRemoval
            onRemove={() => void removeIt()}
            onCancel={() => setAsking(null)}
          />
        )}
      </div>
      {asking === "hold" && (
        <Confirm
          kept={`hold ${row.id}`}
          what={row.legal_hold ? t.evidence.release : t.evidence.hold}
          busy={false}
          onConfirm={(reason, forget) => void changeHold(reason, forget)}
          onCancel={() => setAsking(null)}
        />
      )}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {ops && row.live_vods && row.state === "ready" && (
        <TakeDownSwitch
          recording={row}
          takenDown={row.live_vods.taken_down_at !== null}
          takeDown={work.takeDown}
        />
      )}
      {row.state === "ready" && <Playback recordingId={row.id} play={work.play} />}
      {row.state === "ready" && row.mp4 && <PartFiles recordingId={row.id} files={work.files} />}
      {row.live_recording_acts.length > 0 && (
        <details>
          <summary>{t.recording.log(row.live_recording_acts.length)}</summary>
          <ol className="lc-plain-list">
            {row.live_recording_acts.map((act) => (
              <li key={act.at} className="lc-sub">
                <time dateTime={act.at}>{f.stamp(act.at)}</time>{" "}
                <Name>{act.user_id ? nameOf(act.user_id) : t.action.via.auto}</Name>{" "}
                {t.recording.act[act.act]}
                {act.reason && <q>{act.reason}</q>}
              </li>
            ))}
          </ol>
        </details>
      )}
    </li>
  );
}

/** The second press. */
function SureRemoval({ onRemove, onCancel }: { onRemove: () => void; onCancel: () => void }) {
  const { t } = useWords();
  const sure = useRef<HTMLButtonElement>(null);
  useFocusWhileThere(sure);
  return (
    <>
      <button type="button" className="lc-button lc-quiet" onClick={onCancel}>{t.action.cancel}</button>
      <button ref={sure} type="button" className="lc-button lc-danger" onClick={onRemove}>
        {t.recording.removeForGood}
      </button>
    </>
  );
}
