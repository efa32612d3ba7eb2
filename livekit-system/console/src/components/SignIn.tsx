/** Owns: the form at the door. */
import { type FormEvent, useState } from "react";
import { useWords } from "../texts/useWords.ts";

export interface SignInProps {
  /** Resolves to what went wrong, in words, or null. */
  onSignIn: (email: string, password: string) => Promise<string | null>;
}

export function SignIn({ onSignIn }: SignInProps) {
  const { t } = useWords();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFault(await onSignIn(String(form.get("email")), String(form.get("password"))));
    setBusy(false);
  }

  return (
    <section className="lc-door">
      <h1>{t.sign.title}</h1>
      <form className="lc-form" onSubmit={submit}>
        <label className="lc-field">
          <span>{t.sign.email}</span>
          <input type="email" name="email" autoComplete="username" required />
        </label>
        <label className="lc-field">
          <span>{t.sign.password}</span>
          <input type="password" name="password" autoComplete="current-password" required />
        </label>
        {fault && <p className="lc-fault" role="alert">{fault}</p>}
        <button type="submit" className="lc-button lc-primary" disabled={busy}>
          {busy ? t.sign.busy : t.sign.in}
        </button>
      </form>
    </section>
  );
}
