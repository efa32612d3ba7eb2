// Serves every edge function of a folder from one process: a request for /<name> goes to the handler that
// <name>/index.ts gave to Deno.serve. Arguments: the folder, the port. A function that does not load answers
// 503 BOOT_ERROR, as on Supabase, and the others work.

type Handler = (request: Request) => Response | Promise<Response>;

const [folder, port] = Deno.args;
const handlers = new Map<string, Handler>();
const broken = new Set<string>();
const serve = Deno.serve;

function refusal(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status });
}

async function load(name: string): Promise<void> {
  // A function's index.ts calls Deno.serve once while it is evaluated; functions are loaded one after the other.
  const capture = (...args: unknown[]) => {
    handlers.set(name, args.find((arg) => typeof arg === "function") as Handler);
  };
  Object.defineProperty(Deno, "serve", { value: capture, configurable: true });
  try {
    await import(`file://${folder}/${name}/index.ts`);
  } catch (error) {
    broken.add(name);
    console.error(`edge function ${name} does not load:`, error);
  }
}

async function names(): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.isDirectory || entry.name.startsWith("_")) continue;
    const index = await Deno.stat(`${folder}/${entry.name}/index.ts`).catch(() => null);
    if (index?.isFile) found.push(entry.name);
  }
  return found.sort();
}

async function route(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split("/")[1];
  if (name === "_ready") return new Response("ready");
  if (broken.has(name)) return refusal(503, "BOOT_ERROR", "Function failed to start (please check logs)");
  const handler = handlers.get(name);
  if (!handler) return refusal(404, "NOT_FOUND", "Requested function was not found");
  try {
    return await handler(request);
  } catch (error) {
    console.error(`edge function ${name} threw:`, error);
    return refusal(500, "WORKER_ERROR", "Function exited due to an error (please check logs)");
  }
}

const present = await Deno.stat(folder).catch(() => null);
for (const name of present ? await names() : []) await load(name);
serve({ hostname: Deno.env.get("FUNCTIONS_HOST"), port: Number(port), onListen: () => {} }, route);
