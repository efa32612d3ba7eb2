/** Appeals as ops see them. Pure. */
import type { AuditRow, Time } from "./rows.ts";

/** The decision that an appeal is about: a row of `moderation_actions`. */
export interface Decided
  extends Pick<AuditRow, "action" | "params" | "reason" | "reason_code" | "requested_via" | "enforce_ms"> {
  id: string;
  session_id: string | null;
  case_id: string | null;
  requested_by: string | null;
  created_at: Time;
}

/** An appeal of `appeal_inbox`. */
export interface Appeal {
  id: string;
  user_id: string;
  name: string | null;
  text: string;
  created_at: Time;
  decision_about: Decided;
  /** The reader made the decision: another operator answers. */
  own_decision: boolean;
}

/** An appeal of `case_file`. */
export interface CaseAppeal {
  id: string;
  action_id: string;
  text: string;
  created_at: Time;
  decision: "upheld" | "lifted" | null;
  decided_by: string | null;
  decided_at: Time | null;
  answer: string | null;
  decided_alone: boolean;
}
