/** Owns: asking for moderation, and following each request until it is final. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { useCallback, useEffect, useRef, useState } from "react";
import { type ActionRow, isFinal, lookAgainAfter } from "../model/actions.ts";
import type { AuditRow } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf, type Failure, failureFrom, RequestError } from "./failure.ts";
import { AUDIT_COLUMNS } from "./useRoom.ts";

const INSERTS = 3;
const KEPT = 8;
const DUPLICATE = "23505";

/** A request as the console knows it; `row` as soon as the database has been asked what became of it. */
export interface Asked {
  request: ActionRow;
  row: AuditRow | null;
}

export interface Actions {
  /** The latest requests of this page, newest first. */
  asked: Asked[];
  /** Sends a request; null when the door took it. Safe to repeat: the id makes it the same request. */
  ask: (request: ActionRow) => Promise<Failure | null>;
}

/** `onNews` is called whenever a request has moved. */
export function useActions(onNews: () => void): Actions {
  const client = useSupabase();
  const [asked, setAsked] = useState<Asked[]>([]);
  const over = useRef(false);
  const news = useRef(onNews);
  useEffect(() => {
    news.current = onNews;
  });
  useEffect(() => {
    over.current = false;
    return () => void (over.current = true);
  }, []);

  const ask = useCallback(async (request: ActionRow) => {
    try {
      await insert(client, request);
    } catch (error) {
      return failureFrom(error);
    }
    setAsked((before) => [{ request, row: null }, ...before].slice(0, KEPT));
    void follow(client, request.id, () => over.current, (row) => {
      setAsked((before) => before.map((one) => one.request.id === request.id ? { ...one, row } : one));
      news.current();
    });
    return null;
  }, [client]);
  return { asked, ask };
}

/** Nobody's answer is no answer: tried again with the same id, and a duplicate means that it had arrived. */
async function insert(client: SupabaseClient, request: ActionRow): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      await dataOf(client.from("moderation_actions").insert(request));
      return;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.failure.code === DUPLICATE && tries > 1) return;
      if (error.failure.kind !== "offline" || tries === INSERTS) throw error;
    }
  }
}

async function follow(
  client: SupabaseClient,
  id: string,
  over: () => boolean,
  onRow: (row: AuditRow) => void,
): Promise<void> {
  let status: string | null = null;
  for (let looks = 0; !over(); looks++) {
    try {
      const rows = await dataOf(client.from("moderation_audit").select(AUDIT_COLUMNS).eq("action_id", id));
      const row = (rows as unknown as AuditRow[])[0];
      if (row !== undefined && row.status !== status) {
        status = row.status;
        if (!over()) onRow(row);
      }
      if (row !== undefined && isFinal(row.status)) return;
    } catch (error) {
      if (failureFrom(error).kind !== "offline") return;
    }
    await new Promise((resolve) => setTimeout(resolve, lookAgainAfter(looks)));
  }
}
