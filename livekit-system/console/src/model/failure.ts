/** What a failed request comes to, for the person in front of it. */

export interface Failure {
  /** `offline`: nobody answered; `forbidden`: not for this person; `refused`: the answer is no, and says why. */
  kind: "offline" | "forbidden" | "refused";
  code: string | null;
  message: string;
}
