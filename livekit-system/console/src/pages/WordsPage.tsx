/** Owns: the page of a word list: the platform's, or a creator's own. */
import { Pager } from "../components/Pager.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { WordForm, WordTable } from "../components/WordRules.tsx";
import { useWordList, WORDS_PAGE } from "../data/useWordList.ts";
import { useParams } from "../params.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { q: "", page: "0" };

/** `creatorId`: whose list; null for the platform's. */
export function WordsPage({ creatorId }: { creatorId: string | null }) {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const page = Number(params.page) || 0;
  const { rules, add, remove } = useWordList(creatorId, params.q, page);
  return (
    <>
      <div className="lc-title">
        <h1>{creatorId === null ? t.words.title : t.words.own}</h1>
        <Freshness of={rules} />
      </div>
      <p className="lc-muted">{creatorId === null ? t.words.note : t.words.ownNote}</p>
      <WordForm add={add} />
      <div className="lc-tools">
        <input
          type="search"
          aria-label={t.words.find}
          placeholder={t.words.find}
          value={params.q}
          onChange={(event) => setParams({ q: event.target.value, page: "0" })}
        />
      </div>
      <Reading of={rules}>
        {(reading) =>
          reading.rules.length === 0 ? <Empty>{t.words.none}</Empty> : (
            <>
              <WordTable rules={reading.rules} remove={remove} />
              <Pager
                page={page}
                size={WORDS_PAGE}
                total={reading.total}
                onPage={(next) => setParams({ page: String(next) })}
              />
            </>
          )}
      </Reading>
    </>
  );
}
