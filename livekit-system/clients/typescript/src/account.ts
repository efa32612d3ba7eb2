// The person's own account: how their phone is reached, what is known about them, and its end.

import { rest, type RestAnswer } from "./ask.ts";
import { call } from "./tables.ts";
import type { CoinsSupabase as AccountSupabase } from "./coins.ts";

export type { AccountSupabase };

export interface PushDevice {
  readonly provider: "expo" | "fcm" | "apns" | "pushkit";
  readonly token: string;
  /** The same for all tokens of one installation of the app; at least 8 characters. */
  readonly installation: string;
  readonly platform: "ios" | "android" | "web";
  readonly language: string;
}

/** Call it at each start. @throws LiveError */
export function registerPush(
  supabase: AccountSupabase,
  device: PushDevice,
): Promise<{ readonly device_id: string }> {
  return call(supabase, "register_push_device", {
    p_provider: device.provider,
    p_token: device.token,
    p_installation: device.installation,
    p_platform: device.platform,
    p_language: device.language,
  });
}

/** Before signing out. @throws LiveError */
export function forgetPush(supabase: AccountSupabase, installation: string): Promise<unknown> {
  return call(supabase, "forget_push_device", { p_installation: installation });
}

/** What is kept about the person, as far as one answer holds; it may take long, so nobody gives it up. @throws LiveError */
export function exportMyData(supabase: AccountSupabase): Promise<unknown> {
  const client = supabase as unknown as { rpc(fn: string, args: object): PromiseLike<RestAnswer<unknown>> };
  return rest(client.rpc("export_my_data", {}));
}

/**
 * Deletes the account for good: broadcasts and calls end, tickets that were not delivered are paid back. Sign out locally afterwards:
 * the access token is refused from now on (`account_deleted`).
 * @throws LiveError
 */
export function deleteMyAccount(supabase: AccountSupabase): Promise<{ readonly deleted: boolean }> {
  return call(supabase, "delete_my_account", {});
}
