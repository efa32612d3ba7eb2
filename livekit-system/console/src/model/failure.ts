/** What a failed request comes to, for the person in front of it. */

export interface Failure {
  /**
   * `offline`: no way to the server; `away`: a gateway answers and nothing behind it; `server`: the server failed at it, and
   * nothing was changed; `forbidden`: not for this person; `refused`: the answer is no, and says why; `broken`: a fault of
   * this page.
   */
  kind: "offline" | "away" | "server" | "forbidden" | "refused" | "broken";
  code: string | null;
  message: string;
}

/** Whether it may have been done all the same: nobody said yes or no. */
export function isUnanswered({ kind }: Failure): boolean {
  return kind === "offline" || kind === "away";
}
