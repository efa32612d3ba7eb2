/** Owns: finding a person. */
import { useState } from "react";
import { Empty, Reading } from "../components/States.tsx";
import { usePeopleSearch } from "../data/usePerson.ts";
import { links } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

export function PeoplePage() {
  const { t } = useWords();
  const [text, setText] = useState("");
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
          onChange={(event) => setText(event.target.value)}
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
                      <a href={links.person(person.id)}>{person.display_name || person.username}</a>
                      <span className="lc-sub">@{person.username}</span>
                    </li>
                  ))}
                </ul>
              )}
        </Reading>
      )}
    </>
  );
}
