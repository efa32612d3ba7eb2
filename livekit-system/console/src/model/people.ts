/** The people of one room: their order, the queue of hands, and what each may send. Pure. */
import { type Device, DEVICES, type Switch, type Switches } from "./levels.ts";
import type { Participant, Role, SessionType } from "./rows.ts";
import { holds } from "./time.ts";

export const RANKS: Record<Role, number> = {
  host: 50,
  co_host: 40,
  moderator: 30,
  speaker: 20,
  listener: 10,
  viewer: 10,
};
export const OPS_RANK = 100;
/** From this rank on one is staff of a session. */
export const STAFF_RANK = 30;

export type MicState = "allowed" | "muted" | "none";
export type CameraState = "allowed" | "off" | "none";

/** Which roles may speak or show themselves: the table of CONTRACT §4, for display. The database decides. */
const MICROPHONE: Record<SessionType, Role[]> = {
  video_live: ["host", "co_host", "speaker"],
  audio_room: ["host", "co_host", "moderator", "speaker"],
};
const CAMERA: Record<SessionType, Role[]> = { video_live: ["host", "co_host", "speaker"], audio_room: [] };

/** What the room lets this person's microphone do; `muted` is the moderators' doing, not their own switch. */
export function micState(person: Participant, type: SessionType): MicState {
  if (person.mic_muted) return "muted";
  return MICROPHONE[type].includes(person.role) ? "allowed" : "none";
}

export function cameraState(person: Participant, type: SessionType): CameraState {
  if (person.camera_off) return "off";
  return CAMERA[type].includes(person.role) ? "allowed" : "none";
}

/** How somebody has set the devices that they may use, or use all the same. Null switches: nobody told. */
export function devicesOf(
  person: Participant,
  type: SessionType,
  switches: Switches | null,
): [Device, Switch | "unknown"][] {
  if (!person.is_online) return [];
  const may = {
    microphone: micState(person, type) === "allowed",
    camera: cameraState(person, type) === "allowed",
  };
  return DEVICES.filter((device) => may[device] || (switches?.[device] ?? "off") !== "off")
    .map((device) => [device, switches?.[device] ?? "unknown"]);
}

export function chatMuted(person: Participant, now: number): boolean {
  return holds(person.chat_muted_until, now);
}

/** Hands in the order in which they went up. */
export function handQueue(people: Participant[]): Participant[] {
  return people
    .filter((person) => person.hand_raised_at !== null)
    .sort((a, b) => Date.parse(a.hand_raised_at!) - Date.parse(b.hand_raised_at!));
}

/** Who is there first, then by rank, who is muted, and by when they came. */
export function ordered(people: Participant[]): Participant[] {
  return [...people].sort((a, b) =>
    Number(b.is_online) - Number(a.is_online) ||
    RANKS[b.role] - RANKS[a.role] ||
    Number(b.mic_muted) - Number(a.mic_muted) ||
    (a.last_joined_at ?? "").localeCompare(b.last_joined_at ?? "") ||
    a.user_id.localeCompare(b.user_id)
  );
}
