/** Owns: watching a recording: its picture, Play, the player and why it does not play, and its files. */
import { useState } from "react";
import type { Failure } from "../data/failure.ts";
import { type RecordingWork, usePicture } from "../data/useRecordings.ts";
import type { PartFile } from "../model/recordings.ts";
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

export function Thumbnail({ path }: { path: string | null }) {
  const link = usePicture(path);
  return link === null ? null : <img className="lc-thumbnail" src={link} alt="" />;
}

export interface PartFilesProps extends Pick<RecordingWork, "files"> {
  recordingId: string;
}

/** Links are good for a minute, so they are asked for when they are wanted. */
export function PartFiles({ recordingId, files }: PartFilesProps) {
  const { t } = useWords();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [found, setFound] = useState<PartFile[] | null>(null);

  async function find() {
    const answer = await files(recordingId);
    setFailure(answer.failure);
    setFound(answer.value?.files ?? null);
  }

  return (
    <div className="lc-buttons lc-left">
      <button type="button" className="lc-button lc-quiet" onClick={() => void find()}>
        {t.recording.files}
      </button>
      {found?.map(({ number, url }) => (
        <a key={number} href={url} target="_blank" rel="noreferrer">{t.recording.file(number)}</a>
      ))}
      {found?.length === 0 && <span className="lc-sub">{t.recording.noFiles}</span>}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
    </div>
  );
}
