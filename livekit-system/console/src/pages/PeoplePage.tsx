/** Owns: finding a person. */
import { Avatar } from "../components/Avatar.tsx";
import { ScrollList } from "../components/ScrollList.tsx";
import { SelectBox, SelectedBar, useSelection } from "../components/Selecting.tsx";
import { Empty, Reading } from "../components/States.tsx";
import { Name } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { usePeopleSearch } from "../data/usePerson.ts";
import { shortId, visible } from "../model/names.ts";
import { OPS_RANK } from "../model/roles.ts";
import { useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";

const SEARCH = { q: "" };

export function PeoplePage() {
  const links = useLinks();
  const { t } = useWords();
  const [{ q: text }, setParams] = useParams(SEARCH);
  const found = usePeopleSearch(text);
  const selection = useSelection();
  const act = useAct();
  const shown = (found.data ?? []).map((person) => person.id);

  function actOnSelected() {
    const [target, ...also] = [...selection.ids].map((id) => ({ id, name: nameFor(id) }));
    if (target === undefined) return;
    act({
      sessionId: null,
      target,
      also,
      actions: ["ban"],
      roles: [],
      scopes: ["platform"],
      rank: OPS_RANK,
      dryRun: false,
    });
    selection.clear();
  }

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
      <SelectedBar selection={selection} shown={shown} onAct={actOnSelected} />
      {text.trim().length < 2 ? <Empty>{t.person.hint}</Empty> : (
        <Reading of={found}>
          {(people) =>
            people === null || people.length === 0
              ? <Empty>{t.person.none}</Empty>
              : (
                <ScrollList className="lc-feed lc-found">
                  {people.map((person) => (
                    <li key={person.id}>
                      <SelectBox id={person.id} name={nameFor(person.id)} selection={selection} />
                      <a href={links.person(person.id)} data-row>
                        <Avatar card={person} />
                        <Name>{nameFor(person.id)}</Name>
                      </a>
                      <bdi className="lc-sub lc-said">@{visible(person.username)} · {shortId(person.id)}</bdi>
                    </li>
                  ))}
                </ScrollList>
              )}
        </Reading>
      )}
    </>
  );
}
