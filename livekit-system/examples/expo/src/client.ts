// The one Supabase client. Address and publishable key come from the environment of the build; no secret is in an app.

import type { Database } from "@ipelya/live";
import { createClient } from "@supabase/supabase-js";

export const supabase = createClient<Database>(
  process.env.EXPO_PUBLIC_SUPABASE_URL ?? "http://127.0.0.1:54321",
  process.env.EXPO_PUBLIC_SUPABASE_KEY ?? "",
);
