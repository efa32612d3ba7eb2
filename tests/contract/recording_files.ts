// Asks the functions' half of `RecordingFiles`: arguments are a store as rows name it, and paths. Answers [{text, link}].
import { readBucket, storesOf } from "../../livekit-system/supabase/functions/_shared/recording_files.ts";
import { readSettings } from "../../livekit-system/supabase/functions/_shared/settings.ts";
import { Supabase } from "../../livekit-system/supabase/functions/_shared/supabase.ts";

const [store = "", ...paths] = Deno.args;
const files = storesOf(new Supabase(readSettings(Deno.env)), readBucket(Deno.env))(store);
const answers = paths.map(async (path) => ({
  text: await files.text(path),
  link: await files.link(path, 2).catch(() => null),
}));
console.log(JSON.stringify(await Promise.all(answers)));
