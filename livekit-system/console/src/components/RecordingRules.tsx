/** Owns: the minutes of recording that are used, and the switch of each creator whose sessions are or are not recorded. */
import { useState } from "react";
import type { RecordingRules, RecordingStop, RecordingUsage } from "../data/useRecordingRules.ts";
import type { Failure } from "../data/failure.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";
import { Confirm } from "./Switches.tsx";
import { Name } from "./Title.tsx";

export function Usage({ usage }: { usage: RecordingUsage }) {
  const { t, f } = useWords();
  const words = t.recording.usage;
  const tone =
    { ok: "lc-sub", warning: "lc-note lc-note-warn", exceeded: "lc-note lc-note-bad" }[usage.level];
  return (
    <p className={tone} role={usage.level === "ok" ? undefined : "alert"} data-usage={usage.level}>
      {words.used(f.whole(usage.used), usage.limit === null ? null : f.whole(usage.limit))}
      {usage.level === "exceeded" && ` ${words.exceeded}`}
    </p>
  );
}

export interface AllowSwitchProps {
  creatorId: string;
  allowed: boolean;
  allow: RecordingRules["allow"];
}

/** A first press, and a second with a reason. */
export function AllowSwitch({ creatorId, allowed, allow }: AllowSwitchProps) {
  const { t } = useWords();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const what = allowed ? t.recording.forbid : t.recording.allow;

  async function confirm(reason: string, forget: () => void) {
    setBusy(true);
    const refused = await allow(creatorId, !allowed, reason);
    setBusy(false);
    setFailure(refused);
    if (refused !== null) return;
    setAsking(false);
    forget();
  }

  return (
    <>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {asking
        ? (
          <Confirm
            kept={`recordings of ${creatorId}`}
            what={what}
            busy={busy}
            onConfirm={(reason, forget) => void confirm(reason, forget)}
            onCancel={() => setAsking(false)}
          />
        )
        : (
          <button
            type="button"
            className="lc-button"
            data-allowed={allowed}
            onClick={() => setAsking(true)}
          >
            {what}
          </button>
        )}
    </>
  );
}

export interface StopListProps {
  stops: RecordingStop[];
  nameOf: (userId: string) => string;
  allow: RecordingRules["allow"];
}

export function StopList({ stops, nameOf, allow }: StopListProps) {
  const { f } = useWords();
  return (
    <ScrollList className="lc-feed lc-found" data-feed="recording-stops">
      {stops.map((stop) => (
        <li key={stop.creator_id} data-creator={stop.creator_id}>
          <div>
            <Name>{nameOf(stop.creator_id)}</Name>
            <span className="lc-sub">
              {[f.stamp(stop.stopped_at), stop.stopped_by && nameOf(stop.stopped_by), stop.reason]
                .filter(Boolean).join(" · ")}
            </span>
          </div>
          <AllowSwitch creatorId={stop.creator_id} allowed={false} allow={allow} />
        </li>
      ))}
    </ScrollList>
  );
}
