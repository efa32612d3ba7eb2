/** Owns: the clips of a case: listening to one, holding it, letting it go, and who did so before. Each wants a reason. */
import { useId, useState } from "react";
import type { EvidenceWork } from "../data/useEvidence.ts";
import type { Failure } from "../data/failure.ts";
import { useTyped } from "../data/typed.ts";
import { type Clip, clipSeconds, clipState, type OpenedClip } from "../model/evidence.ts";
import { useWords } from "../texts/useWords.ts";
import { BlurSwitch } from "./BlurSwitch.tsx";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface EvidenceListProps {
  /** The case. */
  about: string;
  clips: Clip[];
  evidence: EvidenceWork;
  nameOf: (userId: string) => string;
  /** Asks for a clip of now; null where nothing can be kept any more. */
  onKeep: ((reason: string) => Promise<Failure | null>) | null;
}

const ENOUGH = 3;

export function EvidenceList({ about, clips, evidence, nameOf, onKeep }: EvidenceListProps) {
  const { t } = useWords();
  const id = useId();
  const [reason, setReason] = useTyped(`evidence ${about}`);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [opened, setOpened] = useState<Record<string, OpenedClip>>({});
  const said = reason.trim();
  const ready = said.length >= ENOUGH;

  async function listen(clip: Clip) {
    const answer = await evidence.open(clip.id, said);
    setFailure(answer.failure);
    if (answer.value !== null) setOpened((before) => ({ ...before, [clip.id]: answer.value }));
  }

  return (
    <section data-feed="evidence" aria-labelledby={`${id}title`}>
      <h3 id={`${id}title`}>{t.evidence.title}</h3>
      {(clips.length > 0 || onKeep) && (
        <label className="lc-field">
          <span>{t.evidence.why}</span>
          <input
            type="text"
            name="evidence-reason"
            maxLength={500}
            autoComplete="off"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
      )}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {clips.length === 0 && <p className="lc-empty">{t.evidence.none}</p>}
      <ScrollList className="lc-feed lc-found">
        {clips.map((clip) => (
          <li key={clip.id} data-clip={clip.id} data-state={clipState(clip)}>
            <ClipLine clip={clip} />
            {opened[clip.id] && <Player clip={clip} opened={opened[clip.id]!} />}
            {clipState(clip) !== "deleted" && (
              <div className="lc-buttons lc-left">
                <button
                  type="button"
                  className="lc-button"
                  disabled={!ready || clipState(clip) !== "ready"}
                  onClick={() => void listen(clip)}
                >
                  {clip.kind === "picture" ? t.evidence.show : t.evidence.listen}
                </button>
                <button
                  type="button"
                  className="lc-button lc-quiet"
                  disabled={!ready}
                  onClick={() => void evidence.hold(clip.id, !clip.legal_hold, said).then(setFailure)}
                >
                  {clip.legal_hold ? t.evidence.release : t.evidence.hold}
                </button>
              </div>
            )}
            {clip.access.length > 0 && <AccessLog clip={clip} nameOf={nameOf} />}
          </li>
        ))}
      </ScrollList>
      {onKeep && (
        <button
          type="button"
          className="lc-button"
          disabled={!ready}
          onClick={() => void onKeep(said).then(setFailure)}
        >
          {t.evidence.keep}
        </button>
      )}
    </section>
  );
}

function ClipLine({ clip }: { clip: Clip }) {
  const { t, f } = useWords();
  const until = clip.deleted_at === null
    ? clip.legal_hold ? t.evidence.held : t.evidence.until(f.moment(clip.retention_until))
    : t.evidence.deleted(f.moment(clip.deleted_at));
  return (
    <div>
      <span className="lc-what">
        {f.stamp(clip.from_at)} · {clip.kind === "picture" ? t.evidence.frame : f.length(clipSeconds(clip))}
      </span>{" "}
      {clip.legal_hold && <span className="lc-tag lc-tag-warn">{t.evidence.held}</span>}
      <span className="lc-sub">
        {[
          t.evidence.cause[clip.why],
          clipState(clip) === "storing" && t.evidence.storing,
          !clip.legal_hold && until,
        ].filter(Boolean).join(" · ")}
      </span>
    </div>
  );
}

function Player({ clip, opened }: { clip: Clip; opened: OpenedClip }) {
  const { t, f } = useWords();
  return (
    <div>
      {/* It was asked for by a press, so it begins by itself. */}
      {clip.kind === "picture"
        ? <Still address={opened.address} name={t.evidence.clipOf(f.stamp(clip.from_at))} />
        : (
          <audio
            controls
            autoPlay
            src={opened.address}
            aria-label={t.evidence.clipOf(f.stamp(clip.from_at))}
          />
        )}
      <span className={opened.genuine ? "lc-sub" : "lc-sub lc-bad"} data-genuine={opened.genuine}>
        {opened.genuine ? t.evidence.genuine : t.evidence.forged}
      </span>
    </div>
  );
}

/** Blurred until it is wanted. */
function Still({ address, name }: { address: string; name: string }) {
  const [shown, setShown] = useState(false);
  return (
    <figure className="lc-picture">
      <img src={address} alt={name} className={shown ? undefined : "lc-blurred"} />
      <figcaption>
        <BlurSwitch shown={shown} onShown={setShown} />
      </figcaption>
    </figure>
  );
}

function AccessLog({ clip, nameOf }: Pick<EvidenceListProps, "nameOf"> & { clip: Clip }) {
  const { t, f } = useWords();
  return (
    <details>
      <summary>{t.evidence.log(clip.access.length)}</summary>
      <ol className="lc-plain-list" data-feed="access">
        {clip.access.map((access) => (
          <li key={access.at} className="lc-sub">
            <time dateTime={access.at}>{f.stamp(access.at)}</time> <Name>{nameOf(access.user_id)}</Name>{" "}
            {t.evidence.act[access.act]}: <q>{access.reason}</q>
          </li>
        ))}
      </ol>
    </details>
  );
}
