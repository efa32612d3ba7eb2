/** Owns: recordings as a list: what is recorded now, by whose wish, how long, what went wrong, and watching one. */
import { useState } from "react";
import type { Failure } from "../data/failure.ts";
import type { RecordingWork } from "../data/useRecordings.ts";
import { askedBy, isOpen, isRecording, minutesOf, type Recording } from "../model/recordings.ts";
import { clock } from "../model/time.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Playback } from "./Playback.tsx";
import { explain } from "./States.tsx";
import { Name, Title } from "./Title.tsx";

export interface RecordingListProps extends Pick<RecordingWork, "stop" | "play"> {
  rows: Recording[];
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
  { row, now, nameOf, named, stop, play }: Omit<RecordingListProps, "rows"> & { row: Recording },
) {
  const { t, f } = useWords();
  const links = useLinks();
  const [failure, setFailure] = useState<Failure | null>(null);
  const who = askedBy(row);

  return (
    <li data-recording={row.id} data-state={row.state}>
      <div>
        {isRecording(row) && <span className="lc-dot" aria-hidden="true" />}
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
      {row.wanted && (
        <div className="lc-buttons lc-left">
          <button
            type="button"
            className="lc-button"
            onClick={() => void stop(row.id).then(setFailure)}
          >
            {t.recording.stop}
          </button>
        </div>
      )}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {row.state === "ready" && <Playback recordingId={row.id} play={play} />}
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
