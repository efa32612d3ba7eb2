/** The people of one room: what each may send. Pure. */
import { type Device, DEVICES, type Switch, type Switches } from "./levels.ts";
import { ROLES, type Source } from "./roles.ts";
import type { Participant, SessionType } from "./rows.ts";
import { holds } from "./time.ts";

export type MicState = "allowed" | "muted" | "none";
export type CameraState = "allowed" | "off" | "none";

/** What the room lets this person's microphone do; `muted` is the moderators' doing, not their own switch. */
export function micState(person: Participant, type: SessionType): MicState {
  if (person.mic_muted) return "muted";
  return maySend(person, type, "microphone") ? "allowed" : "none";
}

export function cameraState(person: Participant, type: SessionType): CameraState {
  if (person.camera_off) return "off";
  return maySend(person, type, "camera") ? "allowed" : "none";
}

function maySend(person: Participant, type: SessionType, source: Source): boolean {
  return ROLES[type][person.role].sources.includes(source);
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
