/** Owns: the page that edits the policy of the platform, or of one session, with an estimate of what it would have done. */
import { useState } from "react";
import { EstimateNote } from "../components/EstimateNote.tsx";
import { PolicyFields } from "../components/PolicyFields.tsx";
import { explain, Freshness, Reading } from "../components/States.tsx";
import { Confirm } from "../components/Switches.tsx";
import { titleOf } from "../components/Title.tsx";
import { useTypedDraft } from "../data/typed.ts";
import { type PolicyReading, type Seen, useEstimate, usePolicy } from "../data/usePolicy.ts";
import { inheritedFrom, isSame, merged, type Own, withPreset } from "../model/policy_form.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { days: "7" };
const DAYS = ["7", "1", "30", "90"] as const;

export function PolicyPage({ id }: { id: string | null }) {
  const links = useLinks();
  const { t } = useWords();
  const { policy, save } = usePolicy(id);
  return (
    <Reading of={policy}>
      {(reading) => {
        if (id !== null && reading.session === null) return <h1>{t.state.gone}</h1>;
        return (
          <>
            <a className="lc-back" href={id === null ? links.switches : links.room(id)}>
              ← {id === null ? t.switches.title : titleOf(reading.session!, t)}
            </a>
            <div className="lc-title">
              <h1>{id === null ? t.policy.title : t.policy.titleOf(titleOf(reading.session!, t))}</h1>
              <Freshness of={policy} />
            </div>
            <p className="lc-sub">{id === null ? t.policy.platformWhy : t.policy.roomWhy}</p>
            <Editor id={id} reading={reading} save={save} />
          </>
        );
      }}
    </Reading>
  );
}

function seenOf({ own, updatedAt }: PolicyReading): Seen {
  return { own, updatedAt };
}

interface EditorProps {
  id: string | null;
  reading: PolicyReading;
  save: ReturnType<typeof usePolicy>["save"];
}

function Editor({ id, reading, save }: EditorProps) {
  const { t, f } = useWords();
  const [params, setParams] = useParams(VIEW);
  const days = Number(oneOf(DAYS, params.days));
  /** What the form holds, and over which reading it was begun: kept through a reload and a session that expires. */
  const [edit, setEdit] = useTypedDraft<{ own: Own; seen: Seen }>(`policy ${id ?? "platform"}`);
  const [note, setNote] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const own = edit?.own ?? reading.own;
  const changed = edit !== null && !isSame(own, edit.seen.own);
  const estimate = useEstimate(own, id, days);
  const below = id === null ? {} : withPreset(reading.platform, reading.presets);
  const preset = reading.presets[own.preset ?? ""] ?? {};
  const inherited = inheritedFrom(reading.shape, merged(below, preset));

  function change(next: Own) {
    setNote(null);
    setEdit({ own: next, seen: edit?.seen ?? seenOf(reading) });
  }

  async function confirm(reason: string, forget: () => void) {
    if (edit === null) return;
    setBusy(true);
    const outcome = await save(edit.own, edit.seen, reason);
    setBusy(false);
    if (outcome === "saved") {
      setEdit(null);
      forget();
      setNote(t.policy.saved);
    } else if (outcome === "raced") {
      // What was typed stays; the next press is over what is there now.
      setNote(t.policy.raced);
      setEdit({ own: edit.own, seen: seenOf(reading) });
    } else setNote(explain(outcome, t));
  }

  return (
    <>
      <div className="lc-tools">
        <label className="lc-check">
          {t.policy.preset}
          <select
            name="preset"
            value={own.preset ?? ""}
            onChange={(event) => {
              const { preset: _, ...rest } = own;
              change(event.target.value === "" ? rest : { ...rest, preset: event.target.value });
            }}
          >
            <option value="">{t.policy.noPreset}</option>
            {Object.keys(reading.presets).map((name) => (
              <option key={name} value={name}>{t.policy.presets[name] ?? name}</option>
            ))}
          </select>
        </label>
      </div>
      <section className="lc-panel lc-estimate-panel" data-feed="estimate">
        <div className="lc-panel-head">
          <h2>{t.policy.estimate}</h2>
          <select
            aria-label={t.office.shift.range}
            value={String(days)}
            onChange={(event) => setParams({ days: event.target.value })}
          >
            {[...DAYS].sort((a, b) => Number(a) - Number(b)).map((one) => (
              <option key={one} value={one}>{f.length(Number(one) * 86_400)}</option>
            ))}
          </select>
        </div>
        <EstimateNote estimate={estimate} changed={changed} />
        {note && <p className="lc-note" role="alert">{note}</p>}
        {changed && (
          <Confirm
            kept={`policy reason ${id ?? "platform"}`}
            what={t.policy.save}
            busy={busy}
            onConfirm={(reason, forget) => void confirm(reason, forget)}
            onCancel={() => setEdit(null)}
            cancel={t.policy.reset}
          />
        )}
      </section>
      <PolicyFields
        shape={reading.shape}
        inherited={inherited}
        own={own}
        onChange={change}
      />
    </>
  );
}
