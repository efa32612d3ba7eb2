// A person with supabase-js, whose Realtime speaks version 2.0.0 of the protocol: what test_gateway_supabase_js.py runs.
// Arguments: gateway, publishable key, secret key. Prints one JSON object of what it saw.

import { createClient, type RealtimeChannel } from "npm:@supabase/supabase-js@2.119.1";

const [url, publishable, secret] = Deno.args as [string, string, string];
const options = { auth: { persistSession: false, autoRefreshToken: false } };

function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const deadline = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: nothing in 10 s`)), 10_000);
    promise.finally(() => clearTimeout(timer));
  });
  return Promise.race([promise, deadline]);
}

function subscribed(channel: RealtimeChannel): Promise<string> {
  return within("subscribe", new Promise((resolve) => channel.subscribe((status) => resolve(status))));
}

const person = createClient(url, publishable, options);
const { data: signedUp, error } = await person.auth.signUp({
  email: `${crypto.randomUUID()}@example.com`,
  password: "correct horse",
});
if (error) throw error;
const me = signedUp.user!.id;
await person.realtime.setAuth(signedUp.session!.access_token);
const service = createClient(url, secret, options);

const profile = await person.from("profiles").select("id").eq("id", me).single();

const lobby = person.channel("js:lobby", { config: { broadcast: { self: true, ack: true } } });
const echo = new Promise((resolve) => lobby.on("broadcast", { event: "*" }, resolve));
const lobbyStatus = await subscribed(lobby);
const acknowledged = await lobby.send({ type: "broadcast", event: "hello", payload: { text: "günaydın" } });
const echoed = await within("echo", echo);

const room = service.channel(`room:${me}`, { config: { private: true } });
const told = new Promise((resolve) => room.on("broadcast", { event: "*" }, resolve));
const roomStatus = await subscribed(room);
const mine = person.channel(`room:${me}`, { config: { private: true } });
const mineStatus = await subscribed(mine);
await mine.send({ type: "broadcast", event: "hi", payload: { n: 1 } });
const heard = await within("private broadcast", told);

const refused = await subscribed(person.channel("live:wake", { config: { private: true } }));

const notes = person.channel("js:notes");
const change = new Promise<Record<string, unknown>>((resolve) =>
  notes.on("postgres_changes", { event: "INSERT", schema: "public", table: "notes" }, resolve)
);
const flowing = new Promise((resolve) => notes.on("system", {}, resolve));
await subscribed(notes);
await within("system", flowing);
await service.from("notes").insert({ owner: me, body: "for me" });
const inserted = await within("change", change);

console.log(JSON.stringify({
  me,
  profile: profile.data,
  lobbyStatus,
  acknowledged,
  echoed,
  roomStatus,
  mineStatus,
  heard,
  refused,
  inserted: inserted.new,
}));
await person.removeAllChannels();
await service.removeAllChannels();
Deno.exit(0);
