/** Owns: the page of all recordings that one may see; for ops with the minutes used and the switch of each creator. */
import { Pager } from "../components/Pager.tsx";
import { RecordingList } from "../components/RecordingList.tsx";
import { StopList, Usage } from "../components/RecordingRules.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { useNow } from "../data/useLive.ts";
import { useRecordingRules } from "../data/useRecordingRules.ts";
import { RECORDINGS_PAGE, useRecordings } from "../data/useRecordings.ts";
import { useParams } from "../params.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { page: "0" };

export function RecordingsPage({ ops }: { ops: boolean }) {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const page = Number(params.page) || 0;
  const { recordings, ...work } = useRecordings(null, page);
  const now = useNow(5_000);
  return (
    <>
      <div className="lc-title">
        <h1>{t.recording.title}</h1>
        <Freshness of={recordings} />
      </div>
      {ops && <Rules />}
      <Reading of={recordings}>
        {({ rows, total }) =>
          rows.length === 0 ? <Empty>{t.recording.none}</Empty> : (
            <section className="lc-panel">
              <RecordingList
                rows={rows}
                now={now}
                nameOf={nameFor}
                named
                work={work}
                ops={ops}
              />
              <Pager
                page={page}
                size={RECORDINGS_PAGE}
                total={total}
                onPage={(next) => setParams({ page: String(next) })}
              />
            </section>
          )}
      </Reading>
    </>
  );
}

function Rules() {
  const { t } = useWords();
  const { rules, allow } = useRecordingRules();
  return (
    <Reading of={rules}>
      {({ usage, stops }) => (
        <>
          <Usage usage={usage} />
          {stops.length > 0 && (
            <section className="lc-panel">
              <h2>{t.recording.stopped}</h2>
              <StopList stops={stops} nameOf={nameFor} allow={allow} />
            </section>
          )}
        </>
      )}
    </Reading>
  );
}
