/** Owns: private notes as a list, with a form for the next one. */
import { type FormEvent, useRef, useState } from "react";
import type { Failure } from "../data/failure.ts";
import { useTyped } from "../data/typed.ts";
import type { Note } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Empty, explain } from "./States.tsx";

export interface NoteListProps {
  /** The person. */
  about: string;
  notes: Note[];
  nameOf: (userId: string) => string;
  /** Null when it is kept. The same id again is the same note. */
  onAdd: (id: string, body: string) => Promise<Failure | null>;
}

export function NoteList({ about, notes, nameOf, onAdd }: NoteListProps) {
  const { t, f } = useWords();
  return (
    <>
      {notes.length === 0 ? <Empty>{t.acts.noNotes}</Empty> : (
        <ScrollList className="lc-feed">
          {notes.map((note) => (
            <li key={note.id} data-note>
              <time dateTime={note.created_at}>{f.stamp(note.created_at)}</time>
              <div>
                <p className="lc-note-body">{note.body}</p>
                <span className="lc-sub">{note.author_id && nameOf(note.author_id)}</span>
              </div>
            </li>
          ))}
        </ScrollList>
      )}
      <NoteForm
        kept={`note ${about}`}
        label={t.acts.note}
        why={t.acts.noteWhy}
        press={t.acts.addNote}
        onAdd={onAdd}
      />
    </>
  );
}

export interface NoteFormProps extends Pick<NoteListProps, "onAdd"> {
  /** Under which name what was typed is kept. */
  kept: string;
  label: string;
  why?: string;
  press: string;
}

/** What was typed stays until it is known to be kept. */
export function NoteForm({ kept, label, why, press, onAdd }: NoteFormProps) {
  const { t } = useWords();
  const id = useRef(crypto.randomUUID());
  const [body, setBody] = useTyped(kept);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (body.trim() === "") return;
    setBusy(true);
    const fault = await onAdd(id.current, body.trim());
    setBusy(false);
    setFailure(fault);
    if (fault !== null) return;
    id.current = crypto.randomUUID();
    setBody("");
  }

  return (
    <form className="lc-form lc-note-form" onSubmit={submit}>
      <label className="lc-field">
        <span>{label}</span>
        <textarea
          name="body"
          rows={2}
          maxLength={4000}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      </label>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      <div className="lc-buttons lc-spread">
        {why !== undefined && <span className="lc-sub">{why}</span>}
        <button type="submit" className="lc-button" disabled={busy || body.trim() === ""}>{press}</button>
      </div>
    </form>
  );
}
