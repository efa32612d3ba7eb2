/** Owns: the list of reason codes, read once. */
import type { ReasonCode } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { useLive } from "./useLive.ts";

const EVERY_MS = 600_000;
const NONE: ReasonCode[] = [];

/** Empty until it is known. */
export function useReasonCodes(): ReasonCode[] {
  const client = useSupabase();
  const read = () =>
    dataOf<ReasonCode[]>(client.from("reason_codes").select("code, text_en, text_tr").order("code"));
  const codes = useLive("reason codes", read, EVERY_MS);
  return codes.data ?? NONE;
}
