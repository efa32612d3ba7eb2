// A call by a signed-in user: who it is, what the body says, then the operation. The cheap refusals come first.
import * as v from "npm:valibot@1.5.0";
import { answer, type Handler, readJson, type Reply } from "./http.ts";
import { Refusal } from "./refusal.ts";
import type { Services } from "./services.ts";

export const BODY_LIMIT = 8 * 1024;

/**
 * What a function does for a user who is known and a body that has the right form. `signIn` names the sign-in of the
 * access token, and so the device; null where the token names none.
 */
export type Operation<Body> = (
  services: Services,
  user: string,
  body: Body,
  signIn: string | null,
) => Promise<Reply>;

/** Returns how to build the function's handler from its services, so that tests pass fakes. */
export function endpoint<Schema extends v.GenericSchema>(
  schema: Schema,
  operation: Operation<v.InferOutput<Schema>>,
): (services: () => Services) => Handler {
  return (services) => (request) =>
    answer(request, async () => {
      const accessToken = bearer(request);
      const body = parse(schema, await readJson(request, BODY_LIMIT));
      const user = await services().database.userOf(accessToken);
      return operation(services(), user, body, signInOf(accessToken));
    });
}

export function bearer(request: Request): string {
  const found = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.get("authorization") ?? "");
  if (found?.[1] === undefined) throw Refusal.own("not_authenticated");
  return found[1];
}

/** The claim `session_id` of a token that Auth has just verified. */
function signInOf(accessToken: string): string | null {
  try {
    const payload = (accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { session_id } = JSON.parse(atob(payload)) as { session_id?: unknown };
    return typeof session_id === "string" ? session_id : null;
  } catch {
    return null;
  }
}

function parse<Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const issues = result.issues.map((issue) => `${v.getDotPath(issue) ?? "body"}: ${wording(issue)}`);
  throw Refusal.own("invalid_request", issues.join("; "));
}

/** What was expected; what was received is the caller's own text and is not repeated. */
function wording(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === "never") return "unknown field";
  if (issue.received === "undefined") return "missing";
  return issue.expected === null ? issue.message : `expected ${issue.expected}`;
}
