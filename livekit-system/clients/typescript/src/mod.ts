// The package's public face.

export { openRelay } from "./relay.ts";
export type { Relay, RelayOptions } from "./relay.ts";
export type { Subject, Verify } from "./packet.ts";
export type { Runtime } from "./runtime.ts";
export { isEvent, isNotice, levelsOf } from "./event_types.ts";
export type {
  EventPayloads,
  GiftComboPayload,
  GiftPayload,
  LevelsPayload,
  NoticePayloads,
  Role,
  SoundLevel,
  Switch,
  Text,
} from "./event_types.ts";
export type { ActionName, ActionParams } from "./action_list.ts";
export { REFUSALS } from "./types.ts";
export type {
  Refusal,
  RelayError,
  RelayEvent,
  RelayJoin,
  RelayKey,
  RelayLevels,
  RelayNotice,
  RelayRoom,
  RelayStats,
  RelaySupabase,
  Source,
} from "./types.ts";
