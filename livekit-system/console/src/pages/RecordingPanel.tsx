/** Owns: the recordings beside a room: starting one, and how those there are stand. */
import { useState } from "react";
import { RecordingList } from "../components/RecordingList.tsx";
import { explain, Reading } from "../components/States.tsx";
import type { Failure } from "../data/failure.ts";
import { nameFor } from "../data/names.ts";
import { useRecordings } from "../data/useRecordings.ts";
import { isOpen, isRecording, type RecordingMode } from "../model/recordings.ts";
import type { Session } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

const MODES: Record<Session["type"], RecordingMode[]> = {
  audio_room: ["audio", "composite"],
  video_live: ["host", "composite", "audio"],
};

export interface RecordingPanelProps {
  session: Pick<Session, "id" | "type" | "status">;
  now: number;
  /** Whether the reader may start one: the database decides, this spares a closed door. */
  mayStart: boolean;
  ops: boolean;
}

export function RecordingPanel({ session, now, mayStart, ops }: RecordingPanelProps) {
  const { t } = useWords();
  const { recordings, start, ...work } = useRecordings(session.id, 0);
  const modes = MODES[session.type];
  const [mode, setMode] = useState<RecordingMode>(modes[0]!);
  const [mp4, setMp4] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const rows = recordings.data?.rows ?? [];
  const running = rows.some((row) => row.mode === mode && isOpen(row));
  return (
    <section className="lc-panel" data-feed="recording">
      <h2>
        {rows.some(isRecording) && <span className="lc-dot" aria-hidden="true" />}
        {t.recording.title}
      </h2>
      {mayStart && session.status === "live" && (
        <div className="lc-buttons lc-left">
          <select
            aria-label={t.recording.modes}
            value={mode}
            onChange={(event) => setMode(event.target.value as RecordingMode)}
          >
            {modes.map((one) => <option key={one} value={one}>{t.recording.mode[one]}</option>)}
          </select>
          <label>
            <input type="checkbox" checked={mp4} onChange={(event) => setMp4(event.target.checked)} />{" "}
            {t.recording.mp4}
          </label>
          <button
            type="button"
            className="lc-button"
            disabled={running}
            onClick={() => void start(session.id, mode, mp4).then(setFailure)}
          >
            {t.recording.start}
          </button>
        </div>
      )}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      <Reading of={recordings}>
        {(reading) =>
          reading.rows.length === 0 ? <p className="lc-empty">{t.recording.none}</p> : (
            <RecordingList
              rows={reading.rows}
              now={now}
              nameOf={nameFor}
              named={false}
              work={work}
              ops={ops}
            />
          )}
      </Reading>
    </section>
  );
}
