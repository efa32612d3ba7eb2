// Until when something can be done: an invitation, an answer about a recording, a ticket, a show that begins.

/**
 * Whole seconds that are left until a moment, at least 0; null where there is none.
 *
 * @param at ISO 8601, as the database says it
 * @param now the device's clock, epoch ms
 * @param aheadMs how far that clock is ahead of the server's: `LiveSession.stats()`
 */
export function secondsUntil(at: string | null | undefined, now: number, aheadMs = 0): number | null {
  const moment = Date.parse(at ?? "");
  return Number.isNaN(moment) ? null : Math.max(0, Math.ceil((moment - (now - aheadMs)) / 1000));
}
