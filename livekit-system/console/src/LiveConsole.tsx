/** Owns: what a page of the console needs above it, in an app of one's own: the client, the language, the acts, the bell. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Ringing } from "./components/Ringing.tsx";
import { BellContext, useBell } from "./data/bell.ts";
import { SupabaseContext } from "./data/client.ts";
import { type Account, useAccount } from "./data/useAccount.ts";
import { IntentsContext, useIntentsOf } from "./data/useIntents.ts";
import type { Lang } from "./model/feed.ts";
import { Acting } from "./pages/Acting.tsx";
import { type Links, links as hashLinks, LinksContext } from "./route.ts";
import { LanguageContext } from "./texts/useWords.ts";

export type SignedIn = Account & { kind: "ops" | "staff" };

export interface LiveConsoleProps {
  /** With the publishable key, signed in by the app: row security decides what is shown. Never a secret key. */
  client: SupabaseClient;
  lang: Lang;
  /** Where the app has the pages; behind `#` when left out. */
  links?: Partial<Links>;
  /** Called for ops, and for hosts, co-hosts and moderators of their sessions. */
  children: (account: SignedIn) => ReactNode;
  /** Shown to everybody else, and until it is known who is there. */
  fallback?: ReactNode;
}

/** Nothing is drawn on a server: all of it lives in the browser. */
export function LiveConsole(props: LiveConsoleProps) {
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const links = useMemo(() => ({ ...hashLinks, ...props.links }), [props.links]);
  if (!mounted) return props.fallback ?? null;
  return (
    <SupabaseContext value={props.client}>
      <LanguageContext value={props.lang}>
        <LinksContext value={links}>
          <Inside {...props} />
        </LinksContext>
      </LanguageContext>
    </SupabaseContext>
  );
}

function Inside({ client, children, fallback }: LiveConsoleProps) {
  const account = useAccount();
  const bell = useBell(account.kind === "ops");
  const intents = useIntentsOf(client, account);
  if (account.kind !== "ops" && account.kind !== "staff") return fallback ?? null;
  return (
    <IntentsContext value={intents}>
      <BellContext value={bell}>
        <Ringing />
        <Acting />
        {children(account)}
      </BellContext>
    </IntentsContext>
  );
}
