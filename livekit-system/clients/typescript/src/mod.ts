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
  PersonalPayloads,
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
export { ask, ASK_TIMEOUT_MS, LiveError, rest } from "./ask.ts";
export type { AskSupabase, RestAnswer } from "./ask.ts";
export { openChat } from "./chat.ts";
export type { Chat, ChatLine, ChatOptions, ChatSupabase } from "./chat.ts";
export { hearMe } from "./me.ts";
export type { CallHappened, CallNews, Me, MeHandlers, MeSupabase, RingEnd, RingingCall } from "./me.ts";
export type { Card } from "./payloads.ts";
export { REFUSAL_TEXTS, refusalText } from "./refusal_texts.ts";
export type { RefusalCode } from "./refusal_texts.ts";
