// Reads from the migrations with which codes a database function can refuse: its own, those of the functions that
// it calls, and those of the triggers on the tables that it writes.

const MIGRATIONS = new URL("../../migrations/", import.meta.url);

interface Trigger {
  readonly events: string;
  readonly table: string;
  readonly function: string;
}

interface Schema {
  /** Bodies by qualified name; a later migration's wins. */
  readonly functions: ReadonlyMap<string, string>;
  readonly triggers: readonly Trigger[];
}

export async function readMigrations(): Promise<Schema> {
  const files = [...Deno.readDirSync(MIGRATIONS)].map(({ name }) => name).filter((name) =>
    name.endsWith(".sql")
  );
  const texts = await Promise.all(
    files.toSorted().map((name) => Deno.readTextFile(new URL(name, MIGRATIONS))),
  );
  return parse(texts.join("\n"));
}

export function parse(sql: string): Schema {
  const functions = new Map<string, string>();
  for (
    const [, name, body] of sql.matchAll(/create (?:or replace )?function (\w+\.\w+)\s*\(.*?\$\$(.*?)\$\$/gs)
  ) {
    functions.set(name ?? "", body ?? "");
  }
  const declared = sql.matchAll(
    /create trigger \w+\s+(?:before|after)\s+([^;]*?)\s+on\s+(\w+\.\w+)\s[^;]*?execute function (\w+\.\w+)/g,
  );
  const triggers = [...declared].map(([, events = "", table = "", name = ""]) => ({
    events,
    table,
    function: name,
  }));
  return { functions, triggers };
}

/** Status by code. A code given as the variable `reason` or `p_reason` is that of the `when '…'` it stands under. */
export function reachableCodes(schema: Schema, rpc: string): Map<string, number> {
  const codes = new Map<string, number>();
  for (const name of reachableFrom(schema, `public.${rpc}`)) {
    const body = schema.functions.get(name) ?? "";
    for (const [, status, code] of body.matchAll(/live\.refuse\((\d{3}), '(\w+)'/g)) {
      codes.set(code ?? "", Number(status));
    }
    for (
      const [, code, status] of body.matchAll(
        /when '(\w+)' then perform live\.refuse\((\d{3}), (?:p_)?reason/g,
      )
    ) {
      codes.set(code ?? "", Number(status));
    }
  }
  return codes;
}

function reachableFrom({ functions, triggers }: Schema, start: string): Set<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const body = functions.get(name);
    if (body === undefined || seen.has(name)) continue;
    seen.add(name);
    for (const [, called] of body.matchAll(/\b((?:live|public)\.\w+)\s*\(/g)) open.push(called ?? "");
    for (
      const [, event = "", table] of body.matchAll(/\b(insert|update|delete)(?: into| from)? (public\.\w+)/g)
    ) {
      const fired = triggers.filter((trigger) => trigger.table === table && trigger.events.includes(event));
      open.push(...fired.map((trigger) => trigger.function));
    }
  }
  if (seen.size === 0) throw new Error(`no migration creates ${start}`);
  return seen;
}
