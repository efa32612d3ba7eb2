/** Owns: the page of all recordings that one may see. */
import { Pager } from "../components/Pager.tsx";
import { RecordingList } from "../components/RecordingList.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { useNow } from "../data/useLive.ts";
import { RECORDINGS_PAGE, useRecordings } from "../data/useRecordings.ts";
import { useParams } from "../params.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { page: "0" };

export function RecordingsPage() {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const page = Number(params.page) || 0;
  const { recordings, stop, play } = useRecordings(null, page);
  const now = useNow(5_000);
  return (
    <>
      <div className="lc-title">
        <h1>{t.recording.title}</h1>
        <Freshness of={recordings} />
      </div>
      <Reading of={recordings}>
        {({ rows, total }) =>
          rows.length === 0 ? <Empty>{t.recording.none}</Empty> : (
            <section className="lc-panel">
              <RecordingList rows={rows} now={now} nameOf={nameFor} named stop={stop} play={play} />
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
