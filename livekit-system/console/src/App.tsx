/** Owns: which page is shown to whom, in which language and appearance. */
import { useEffect, useState } from "react";
import { useFocusAfter } from "./components/focus.ts";
import { type Offered, Shell, type Theme } from "./components/Shell.tsx";
import { SignIn } from "./components/SignIn.tsx";
import { explain, FailureNote, Forbidden } from "./components/States.tsx";
import { BellContext, useBell } from "./data/bell.ts";
import { useSupabase } from "./data/client.ts";
import { failureOf } from "./data/failure.ts";
import { forgetTyped } from "./data/typed.ts";
import { IntentsContext, useIntentsOf } from "./data/useIntents.ts";
import { type Account, useAccount } from "./data/useAccount.ts";
import type { Lang } from "./model/feed.ts";
import { Ringing } from "./components/Ringing.tsx";
import { Acting } from "./pages/Acting.tsx";
import { AppealsPage } from "./pages/AppealsPage.tsx";
import { MinePage } from "./pages/MinePage.tsx";
import { AuditPage } from "./pages/AuditPage.tsx";
import { CallsPage } from "./pages/CallsPage.tsx";
import { CasesPage } from "./pages/CasesPage.tsx";
import { KeysPage } from "./pages/KeysPage.tsx";
import { PeoplePage } from "./pages/PeoplePage.tsx";
import { PersonPage } from "./pages/PersonPage.tsx";
import { RecordingsPage } from "./pages/RecordingsPage.tsx";
import { PolicyPage } from "./pages/PolicyPage.tsx";
import { ReportsPage } from "./pages/ReportsPage.tsx";
import { RoomPage } from "./pages/RoomPage.tsx";
import { RoomsPage } from "./pages/RoomsPage.tsx";
import { ShiftPage } from "./pages/ShiftPage.tsx";
import { Shortcuts } from "./pages/Shortcuts.tsx";
import { SwitchesPage } from "./pages/SwitchesPage.tsx";
import { WallPage } from "./pages/WallPage.tsx";
import { WordsPage } from "./pages/WordsPage.tsx";
import { type Route, routeOf } from "./route.ts";
import { keep, kept } from "./preferences.ts";
import { LanguageContext, useWords } from "./texts/useWords.ts";

export function App() {
  const [lang, setLang] = useState<Lang>(() => kept("lang", ["en", "tr"], preferredLang()));
  const [theme, setTheme] = useState<Theme>(() => kept("theme", ["system", "light", "dark"], "system"));
  useEffect(() => {
    document.documentElement.lang = lang;
    keep("lang", lang);
  }, [lang]);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    keep("theme", theme);
  }, [theme]);
  return (
    <LanguageContext value={lang}>
      <Pages theme={theme} onTheme={setTheme} onLang={setLang} />
    </LanguageContext>
  );
}

function preferredLang(): Lang {
  return navigator.language.startsWith("tr") ? "tr" : "en";
}

interface PagesProps {
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onLang: (lang: Lang) => void;
}

function Pages(props: PagesProps) {
  const client = useSupabase();
  const account = useAccount();
  const route = useRoute();
  useFocusAfter(JSON.stringify(route));
  const bell = useBell(account.kind === "ops");
  const intents = useIntentsOf(client, account);
  useTitle(account.kind === "ops" || account.kind === "staff" ? route : null);
  const offers = offersTo(account);
  return (
    <IntentsContext value={intents}>
      <Shell
        {...props}
        page={offers.length === 0 ? null : route.page}
        offers={offers}
        badges={bell.waiting ? { cases: String(bell.waiting) } : {}}
        email={"email" in account ? account.email : null}
        onSignOut={() => {
          intents.forget();
          forgetTyped();
          void client.auth.signOut({ scope: "local" });
        }}
      >
        <BellContext value={bell}>
          <Ringing />
          <Page account={account} route={route} />
        </BellContext>
      </Shell>
    </IntentsContext>
  );
}

const TO_OPS = [
  "rooms",
  "wall",
  "cases",
  "appeals",
  "people",
  "calls",
  "recordings",
  "words",
  "shift",
  "audit",
  "switches",
  "reports",
] as const;
const TO_CREATORS = ["rooms", "mine", "recordings", "words"] as const;
const TO_STAFF = ["rooms"] as const;

function offersTo(account: Account): readonly Offered[] {
  if (account.kind === "ops") return TO_OPS;
  if (account.kind !== "staff") return [];
  return account.creator ? TO_CREATORS : TO_STAFF;
}

/** Each page has a title of its own: tabs and histories tell them apart. */
function useTitle(route: Route | null) {
  const { t } = useWords();
  const page = route === null ? t.sign.title : {
    rooms: t.rooms.title,
    room: t.room.people,
    wall: t.wall.title,
    cases: t.cases.title,
    case: t.cases.title,
    appeals: t.appeals.title,
    words: t.words.title,
    recordings: t.recording.title,
    mine: t.mine.title,
    people: t.person.title,
    person: t.person.title,
    calls: t.acts.calls.title,
    shift: t.office.shift.title,
    audit: t.office.audit.title,
    policy: t.policy.title,
    keys: t.acts.keys.title,
    switches: t.switches.title,
    reports: t.reports.title,
  }[route.page];
  const id = route !== null && "id" in route && route.id !== null ? ` ${route.id.slice(0, 8)}` : "";
  useEffect(() => {
    document.title = `${page}${id} · ${t.name}`;
  }, [page, id, t.name]);
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => {
      setHash(location.hash);
      scrollTo(0, 0);
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return routeOf(hash);
}

function Page({ account, route }: { account: Account; route: Route }) {
  const { t } = useWords();
  const client = useSupabase();

  async function signIn(email: string, password: string): Promise<string | null> {
    const { error } = await client.auth.signInWithPassword({ email, password });
    if (error === null) return null;
    return error.status === 400
      ? t.sign.wrong
      : explain(failureOf({ message: error.message, code: error.code ?? "" }, error.status ?? 0), t);
  }

  switch (account.kind) {
    case "loading":
      return account.failure
        ? <FailureNote failure={account.failure} onRetry={() => location.reload()} />
        : <p className="lc-empty" role="status">{t.state.loading}</p>;
    case "signed_out":
      return <SignIn onSignIn={signIn} />;
    case "nobody":
      return <Forbidden why={t.state.forbiddenWhy} />;
    case "staff":
    case "ops":
      return (
        <>
          <Acting />
          <Shortcuts all={account.kind === "ops"} />
          <Inside account={account} route={route} />
        </>
      );
  }
}

function Inside({ account, route }: { account: Account & { kind: "ops" | "staff" }; route: Route }) {
  const { t } = useWords();
  if (route.page === "keys") return <KeysPage />;
  if (route.page === "rooms") return <RoomsPage account={account} />;
  if (route.page === "room") {
    // A creator's own session is theirs after its end too: row security decides what of it.
    const theirs = account.kind === "ops" || account.creator || account.sessions.includes(route.id);
    return theirs
      ? <RoomPage key={route.id} id={route.id} account={account} />
      : <Forbidden why={t.state.forbiddenWhy} />;
  }
  if (account.kind === "staff" && account.creator) {
    if (route.page === "mine") return <MinePage me={account.id} />;
    if (route.page === "recordings") return <RecordingsPage ops={false} />;
    if (route.page === "words") return <WordsPage creatorId={account.id} />;
  }
  if (account.kind !== "ops") return <Forbidden why={t.state.opsOnly} />;
  switch (route.page) {
    case "cases":
    case "case":
      return <CasesPage id={route.page === "case" ? route.id : null} account={account} />;
    case "wall":
      return <WallPage />;
    case "appeals":
      return <AppealsPage me={account.id} />;
    case "recordings":
      return <RecordingsPage ops />;
    case "words":
      return <WordsPage creatorId={null} />;
    case "mine":
      return <MinePage me={account.id} />;
    case "people":
      return <PeoplePage />;
    case "person":
      return <PersonPage key={route.id} id={route.id} />;
    case "calls":
      return <CallsPage />;
    case "shift":
      return <ShiftPage lead={account.lead} />;
    case "audit":
      return <AuditPage email={account.email} />;
    case "policy":
      return <PolicyPage key={route.id} id={route.id} />;
    case "switches":
      return <SwitchesPage />;
    case "reports":
      return <ReportsPage />;
  }
}
