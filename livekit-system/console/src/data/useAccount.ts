/** Owns: who is signed in, and what that makes them here. The database decides; this only spares people closed doors. */
import { useEffect, useState } from "react";
import { STAFF } from "../model/roles.ts";
import { useSupabase } from "./client.ts";
import { dataOf, type Failure, failureFrom } from "./failure.ts";

export type Account =
  | { kind: "loading"; failure: Failure | null }
  | { kind: "signed_out" }
  /** `lead`: leads the team, and sees how each of it acts. */
  | { kind: "ops"; id: string; email: string; lead: boolean }
  /** Host, co-host or moderator of these live sessions; `creator`: has had sessions of their own. */
  | { kind: "staff"; id: string; email: string; sessions: string[]; creator: boolean }
  | { kind: "nobody"; id: string; email: string };

const ASK_AGAIN_MS = 30_000;
const RETRY_MS = 3_000;

export function useAccount(): Account {
  const client = useSupabase();
  const [user, setUser] = useState<{ id: string; email: string } | null>();
  const [account, setAccount] = useState<Account>({ kind: "loading", failure: null });

  useEffect(() => {
    const { data } = client.auth.onAuthStateChange((_event, session) => {
      const next = session && { id: session.user.id, email: session.user.email ?? "" };
      setUser((before) => before?.id === next?.id ? before ?? next : next);
    });
    return () => data.subscription.unsubscribe();
  }, [client]);

  useEffect(() => {
    if (user === undefined) return;
    if (user === null) return setAccount({ kind: "signed_out" });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    setAccount((before) =>
      "id" in before && before.id === user.id ? before : { kind: "loading", failure: null }
    );

    async function ask(who: { id: string; email: string }) {
      let wait = ASK_AGAIN_MS;
      try {
        const [ops, staffed, hosted] = await Promise.all([
          dataOf(client.from("live_ops").select("lead").eq("user_id", who.id)),
          dataOf(
            client.from("live_participants").select("session_id, live_sessions!inner(status)")
              .eq("user_id", who.id).in("role", STAFF).eq("live_sessions.status", "live"),
          ),
          dataOf(
            client.from("live_participants").select("session_id").eq("user_id", who.id).eq("role", "host")
              .limit(1),
          ),
        ]);
        if (over) return;
        if (ops.length > 0) setAccount({ kind: "ops", ...who, lead: ops[0]!.lead === true });
        else if (staffed.length > 0 || hosted.length > 0) {
          const sessions = staffed.map((row) => row.session_id);
          setAccount({ kind: "staff", ...who, sessions, creator: hosted.length > 0 });
        } else setAccount({ kind: "nobody", ...who });
      } catch (error) {
        if (over) return;
        wait = RETRY_MS;
        setAccount((before) =>
          before.kind === "loading" ? { kind: "loading", failure: failureFrom(error) } : before
        );
      }
      timer = setTimeout(() => void ask(who), wait);
    }
    void ask(user);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [client, user]);
  return account;
}
