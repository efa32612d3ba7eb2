/** Owns: a word list of the chat: the platform's for ops, a creator's own for them. Row security decides which one sees. */
import { useCallback } from "react";
import type { WordRule } from "../model/chat.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure, type Requested } from "./failure.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 60_000;
export const WORDS_PAGE = 60;

export interface WordList {
  rules: Live<{ rules: WordRule[]; total: number }>;
  add: (rule: Omit<WordRule, "id">) => Promise<Failure | null>;
  remove: (id: string) => Promise<Failure | null>;
}

/** `creatorId`: whose list; null for the platform's. `search`: a part of the word; `page`: from 0. */
export function useWordList(creatorId: string | null, search: string, page: number): WordList {
  const client = useSupabase();
  const wanted = search.trim();

  async function read() {
    const all = client.from("chat_rules").select("id, pattern, effect, language, exact_letters", {
      count: "exact",
    });
    const own = creatorId === null ? all.eq("scope", "platform") : all.eq("creator_id", creatorId);
    const some = wanted === "" ? own : own.ilike("pattern", `%${wanted.replace(/[%_\\]/g, "\\$&")}%`);
    let total = 0;
    const rules = await dataOf(
      some.order("created_at", { ascending: false }).order("pattern").range(
        page * WORDS_PAGE,
        (page + 1) * WORDS_PAGE - 1,
      ).then((answer) => {
        total = answer.count ?? 0;
        return answer;
      }),
    );
    return { rules: rules as WordRule[], total };
  }
  const rules = useLive(`words ${creatorId} ${wanted} ${page}`, read, EVERY_MS);
  const { refresh } = rules;

  const run = useCallback(async (request: Requested<unknown>) => {
    return await changed(request, refresh);
  }, [refresh]);

  return {
    rules,
    add: (rule) =>
      run(
        client.from("chat_rules").insert({
          ...rule,
          scope: creatorId === null ? "platform" : "creator",
          creator_id: creatorId,
        }),
      ),
    remove: (id) => run(client.from("chat_rules").delete().eq("id", id)),
  };
}
