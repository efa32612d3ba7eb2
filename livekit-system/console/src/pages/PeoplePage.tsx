/** Owns: finding a person. */
import { Empty, Reading } from "../components/States.tsx";
import { Name } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { usePeopleSearch } from "../data/usePerson.ts";
import { shortId, visible } from "../model/names.ts";
import { useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const SEARCH = { q: "" };

export function PeoplePage() {
  const links = useLinks();
  const { t } = useWords();
  const [{ q: text }, setParams] = useParams(SEARCH);
  const found = usePeopleSearch(text);
  return (
    <>
      <h1>{t.person.title}</h1>
      <div className="lc-tools">
        <input
          type="search"
          aria-label={t.person.search}
          placeholder={t.person.search}
          value={text}
          onChange={(event) => setParams({ q: event.target.value })}
        />
      </div>
      {text.trim().length < 2 ? <Empty>{t.person.hint}</Empty> : (
        <Reading of={found}>
          {(people) =>
            people === null || people.length === 0
              ? <Empty>{t.person.none}</Empty>
              : (
                <ul className="lc-feed lc-found">
                  {people.map((person) => (
                    <li key={person.id}>
                      <a href={links.person(person.id)}>
                        <Name>{nameFor(person.id)}</Name>
                      </a>
                      <bdi className="lc-sub lc-said">@{visible(person.username)} · {shortId(person.id)}</bdi>
                    </li>
                  ))}
                </ul>
              )}
        </Reading>
      )}
    </>
  );
}
