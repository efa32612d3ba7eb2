/** Owns: opening, holding and asking for clips of evidence. Each goes on record at the server, with the reason. */
import { useCallback, useEffect, useRef } from "react";
import { type ClipLink, hex, type OpenedClip } from "../model/evidence.ts";
import { useSupabase } from "./client.ts";
import { changed, type Failure, failureFrom, failureOf, invoke, RequestError } from "./failure.ts";

export type Answer<T> = { value: T; failure: null } | { value: null; failure: Failure };

export interface EvidenceWork {
  /** Fetches a clip by a link of a minute, and compares it with the hash that the worker made. */
  open: (clipId: string, reason: string) => Promise<Answer<OpenedClip>>;
  hold: (clipId: string, hold: boolean, reason: string) => Promise<Failure | null>;
  /** Has a clip made of what somebody in a live session has just said. */
  keep: (sessionId: string, userId: string, reason: string) => Promise<Failure | null>;
}

export function useEvidence(onChanged: () => void): EvidenceWork {
  const client = useSupabase();
  const opened = useRef<string[]>([]);
  // What was fetched is let go when nobody looks at it any more.
  useEffect(() => () => opened.current.splice(0).forEach((address) => URL.revokeObjectURL(address)), []);

  const open = useCallback(async (clipId: string, reason: string): Promise<Answer<OpenedClip>> => {
    try {
      const link = await invoke<ClipLink>(client, "evidence-open", { clip_id: clipId, reason });
      const answer = await fetch(link.url, { signal: AbortSignal.timeout(15_000) });
      if (!answer.ok) throw new RequestError(failureOf({ message: "the clip's link" }, answer.status));
      const file = await answer.arrayBuffer();
      const genuine = hex(await crypto.subtle.digest("SHA-256", file)) === link.sha256;
      const address = URL.createObjectURL(
        new Blob([file], { type: answer.headers.get("content-type") ?? "" }),
      );
      opened.current.push(address);
      return { value: { address, genuine }, failure: null };
    } catch (error) {
      return { value: null, failure: failureFrom(error) };
    } finally {
      onChanged();
    }
  }, [client, onChanged]);

  const call = useCallback(async (name: string, more: Record<string, unknown>) => {
    return await changed(client.rpc(name, more), onChanged);
  }, [client, onChanged]);

  return {
    open,
    hold: (clipId, hold, reason) => call("hold_evidence", { clip_id: clipId, hold, reason }),
    keep: (sessionId, userId, reason) =>
      call("keep_evidence", { session_id: sessionId, user_id: userId, reason }),
  };
}
