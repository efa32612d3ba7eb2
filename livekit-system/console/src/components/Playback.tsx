/** Owns: watching a recording: Play, the player, and why it does not play. */
import { useState } from "react";
import type { Failure } from "../data/failure.ts";
import type { RecordingWork } from "../data/useRecordings.ts";
import { useWords } from "../texts/useWords.ts";
import { explain } from "./States.tsx";

export interface PlaybackProps extends Pick<RecordingWork, "play"> {
  recordingId: string;
}

export function Playback({ recordingId, play }: PlaybackProps) {
  const { t } = useWords();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [playlist, setPlaylist] = useState<string | null>(null);
  const [stuck, setStuck] = useState(false);

  async function watch() {
    const answer = await play(recordingId);
    setFailure(answer.failure);
    setStuck(false);
    setPlaylist(answer.value?.playlist ?? null);
  }

  return (
    <>
      <div className="lc-buttons lc-left">
        <button type="button" className="lc-button" onClick={() => void watch()}>{t.recording.play}</button>
      </div>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {stuck && <p className="lc-fault" role="alert">{t.recording.stuck}</p>}
      {playlist && (
        <video
          className="lc-playback"
          controls
          autoPlay
          src={playlist}
          onError={() => setStuck(true)}
          aria-label={t.recording.play}
        />
      )}
    </>
  );
}
