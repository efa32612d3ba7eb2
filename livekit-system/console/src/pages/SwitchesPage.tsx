/** Owns: the page of switches. */
import { useState } from "react";
import { explain, Freshness, Reading } from "../components/States.tsx";
import { ModeChoice, Switch } from "../components/Switches.tsx";
import { nameFor } from "../data/names.ts";
import { useSettings } from "../data/useSettings.ts";
import { modeOf, withMode } from "../model/policy.ts";
import type { PolicyOverride, Setting } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

export function SwitchesPage() {
  const { t, f } = useWords();
  const { settings, change } = useSettings();
  const [busy, setBusy] = useState<string | null>(null);
  const [note, setNote] = useState<string | null>(null);

  async function set(setting: Setting | undefined, value: unknown) {
    if (setting === undefined) return;
    setBusy(setting.key);
    setNote(null);
    const outcome = await change(setting, value);
    setBusy(null);
    if (outcome === "raced") setNote(t.switches.raced);
    else if (outcome !== "saved") setNote(explain(outcome, t));
  }

  return (
    <>
      <div className="lc-title">
        <h1>{t.switches.title}</h1>
        <Freshness of={settings} />
      </div>
      {note && <p className="lc-note lc-note-bad" role="alert">{note}</p>}
      <Reading of={settings}>
        {(values) => {
          const [live, calls, policy] = ["live.enabled", "calls.enabled", "moderation.policy"]
            .map((key) => values.get(key));
          const changed = (setting: Setting | undefined) =>
            setting && (
              <p className="lc-sub lc-changed">
                {t.switches.changed(
                  f.stamp(setting.updated_at),
                  setting.updated_by && nameFor(setting.updated_by),
                )}
              </p>
            );
          return (
            <div className="lc-panel lc-switches">
              <Switch
                name={t.switches.live}
                why={t.switches.liveWhy}
                on={live?.value === true}
                busy={busy !== null}
                onChange={(on) => set(live, on)}
              />
              {changed(live)}
              <Switch
                name={t.switches.calls}
                why={t.switches.callsWhy}
                on={calls?.value === true}
                busy={busy !== null}
                onChange={(on) => set(calls, on)}
              />
              {changed(calls)}
              <ModeChoice
                mode={modeOf(policy?.value as PolicyOverride | undefined)}
                busy={busy !== null}
                onChange={(mode) => set(policy, withMode(policy?.value, mode))}
              />
              {changed(policy)}
            </div>
          );
        }}
      </Reading>
    </>
  );
}
