/** Owns: taking a recording down for everybody but ops, and restoring it, with a reason. */
import { useState } from "react";
import type { Failure } from "../data/failure.ts";
import type { TakeDown } from "../data/useRecordings.ts";
import { useWords } from "../texts/useWords.ts";
import { explain } from "./States.tsx";
import { Confirm } from "./Switches.tsx";

export interface TakeDownSwitchProps {
  recording: { id: string; session_id: string };
  takenDown: boolean;
  takeDown: TakeDown;
}

export function TakeDownSwitch({ recording, takenDown, takeDown }: TakeDownSwitchProps) {
  const { t } = useWords();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const what = takenDown ? t.recording.restore : t.recording.takeDown;

  async function act(reason: string, forget: () => void) {
    const refused = await takeDown(recording, !takenDown, reason);
    setFailure(refused);
    if (refused !== null) return;
    setAsking(false);
    forget();
  }

  return (
    <>
      {asking
        ? (
          <Confirm
            kept={`take down ${recording.id}`}
            what={what}
            busy={false}
            onConfirm={(reason, forget) => void act(reason, forget)}
            onCancel={() => setAsking(false)}
          />
        )
        : (
          <div className="lc-buttons lc-left">
            <button
              type="button"
              className={`lc-button ${takenDown ? "lc-quiet" : "lc-danger"}`}
              onClick={() => setAsking(true)}
            >
              {what}
            </button>
          </div>
        )}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
    </>
  );
}
