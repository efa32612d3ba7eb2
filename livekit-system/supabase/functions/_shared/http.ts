// The HTTP shell: methods, CORS, bounded bodies, JSON in and out, errors as the contract words them, and the one
// log line that a failure of ours leaves behind.
import { Fault, Refusal } from "./refusal.ts";

export type Handler = (request: Request) => Promise<Response>;

export type Reply = Readonly<Record<string, unknown>>;

const PREFLIGHT = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  // Whatever supabase-js sends: its own, and those of tracing when the app has it on.
  "access-control-allow-headers":
    "authorization, apikey, content-type, x-client-info, x-region, x-retry-count, traceparent, tracestate, baggage",
  "access-control-max-age": "86400",
};

/**
 * Answers `method` with what `work` returns, OPTIONS with the CORS rules and everything else with 405.
 * Any origin may call: the access token is sent by the app, never by a browser on its own.
 */
export async function answer(
  request: Request,
  work: () => Promise<Reply | Response>,
  method = "POST",
): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: PREFLIGHT });
  const requestId = crypto.randomUUID();
  try {
    if (request.method !== method) throw Refusal.own("method_not_allowed");
    const answered = await work();
    return answered instanceof Response ? answered : json(200, answered, requestId);
  } catch (error) {
    const refusal = refusalOf(error, request, requestId);
    return json(refusal.status, { error: { code: refusal.code, message: refusal.message } }, requestId);
  }
}

/** @throws Refusal body_too_large as soon as more than `limit` bytes are announced or have arrived */
export async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw Refusal.own("body_too_large");
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw Refusal.own("body_too_large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** @throws Refusal unsupported_media_type, body_too_large, malformed_json */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw Refusal.own("unsupported_media_type");
  const text = await readText(request, limit);
  try {
    return JSON.parse(text);
  } catch {
    throw Refusal.own("malformed_json");
  }
}

function json(status: number, body: Reply, requestId: string): Response {
  const headers: Record<string, string> = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "x-request-id, retry-after",
    "cache-control": "no-store",
    "x-request-id": requestId,
  };
  if (status === 405) headers["allow"] = "POST, OPTIONS";
  if (status === 503) headers["retry-after"] = "1";
  return Response.json(body, { status, headers });
}

/** What the client is told about an error. A failure of ours is told to the log as well, with the same request id. */
function refusalOf(error: unknown, request: Request, requestId: string): Refusal {
  if (error instanceof Refusal && error.status < 500) return error;
  const path = new URL(request.url).pathname;
  const entry = { action: "request.failed", path, request_id: requestId };
  if (error instanceof Refusal) {
    console.warn(JSON.stringify({ level: "warn", ...entry, message: error.code, ...error.fields }));
    return error;
  }
  const fields = error instanceof Fault
    ? { message: error.message, ...error.fields }
    : { message: "unexpected", stack: error instanceof Error ? framesOf(error) : typeof error };
  console.error(JSON.stringify({ level: "error", ...entry, ...fields }));
  return Refusal.own("internal", `Something went wrong on our side. Request ${requestId}.`);
}

/** Name and places only: the message of a foreign error may quote what a user wrote. */
function framesOf(error: Error): string {
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  return [error.name, ...frames.map((line) => line.trim())].join(" | ");
}
