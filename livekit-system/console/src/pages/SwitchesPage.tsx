/** Owns: the page of switches: each is turned by a second press with a reason, and says who turned it before. */
import { type ReactNode, useState } from "react";
import { explain, Freshness, Reading } from "../components/States.tsx";
import { Confirm, ModeChoice, Switch } from "../components/Switches.tsx";
import { nameFor } from "../data/names.ts";
import { useTypedDraft } from "../data/typed.ts";
import { useSettings } from "../data/useSettings.ts";
import { modeOf, withMode } from "../model/policy.ts";
import type { PolicyOverride, Setting, SettingChange } from "../model/rows.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

interface Wish {
  setting: Setting;
  value: unknown;
  what: string;
}

export function SwitchesPage() {
  const links = useLinks();
  const { t } = useWords();
  const { settings, change, history } = useSettings();
  const [wish, setWish] = useTypedDraft<Wish>("switch");
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState<string | null>(null);

  async function confirm({ setting, value }: Wish, reason: string, forget: () => void) {
    setBusy(true);
    setNote(null);
    const outcome = await change(setting, value, reason);
    setBusy(false);
    // What could not be sent stays, with its reason.
    if (outcome !== "saved" && outcome !== "raced") return setNote(explain(outcome, t));
    setWish(null);
    forget();
    if (outcome === "raced") setNote(t.switches.raced);
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
          const want = (setting: Setting | undefined, value: unknown, what: string) =>
            setting && setWish({ setting, value, what });
          const below = (setting: Setting | undefined) =>
            setting && (
              <Below
                setting={setting}
                history={(history.data ?? []).filter((one) => one.key === setting.key)}
              >
                {wish?.setting.key === setting.key && (
                  <Confirm
                    kept="switch reason"
                    what={wish.what}
                    busy={busy}
                    onConfirm={(reason, forget) => void confirm(wish, reason, forget)}
                    onCancel={() => setWish(null)}
                  />
                )}
              </Below>
            );
          const turned = (name: string, on: boolean) => `${name}: ${on ? t.switches.on : t.switches.off}`;
          return (
            <div className="lc-panel lc-switches">
              <Switch
                name={t.switches.live}
                why={t.switches.liveWhy}
                on={live?.value === true}
                busy={busy}
                onChange={(on) => want(live, on, turned(t.switches.live, on))}
              />
              {below(live)}
              <Switch
                name={t.switches.calls}
                why={t.switches.callsWhy}
                on={calls?.value === true}
                busy={busy}
                onChange={(on) => want(calls, on, turned(t.switches.calls, on))}
              />
              {below(calls)}
              <ModeChoice
                mode={modeOf(policy?.value as PolicyOverride | undefined)}
                busy={busy}
                onChange={(mode) =>
                  want(
                    policy,
                    withMode(policy?.value, mode),
                    `${t.switches.policy}: ${t.switches.mode[mode]}`,
                  )}
              />
              {below(policy)}
              <p className="lc-policy-link">
                <a href={links.policy}>{t.policy.open}</a>
              </p>
            </div>
          );
        }}
      </Reading>
    </>
  );
}

/** What stands below a switch: the second press, and who turned it before. */
function Below(
  { setting, history, children }: { setting: Setting; history: SettingChange[]; children: ReactNode },
) {
  const { t, f } = useWords();
  const who = (by: string | null) => by && nameFor(by);
  return (
    <>
      {children}
      <p className="lc-sub lc-changed">
        {t.switches.changed(f.stamp(setting.updated_at), who(setting.updated_by))}
      </p>
      {history.length > 0 && (
        <details className="lc-sub lc-changed-before">
          <summary>{t.switches.history}</summary>
          <ol>
            {history.slice(0, 10).map((one) => (
              <li key={one.n}>
                {f.zoned(one.changed_at)} · {t.switches.said(one.after)}
                {one.requested_by && ` · ${nameFor(one.requested_by)}`}
                {one.reason && ` · ${one.reason}`}
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}
