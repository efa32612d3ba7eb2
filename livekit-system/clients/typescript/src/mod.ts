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
  HintPayloads,
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
export { newId } from "./new_id.ts";
export { secondsUntil } from "./countdown.ts";
export type { Readable } from "./store.ts";
export type { LiveSupabase } from "./tables.ts";
export { mayPublish, onAir, rightsOf } from "./rights.ts";
export type { PublishSource, Rights, RightsRoom } from "./rights.ts";
export { CONNECT_OPTIONS, isHonest, takeHonestTracks } from "./tracks.ts";
export type { TakenTrack, TracksRoom } from "./tracks.ts";
export { goneBy } from "./connection.ts";
export type { ConnectionState, ConnectRoom, Gone, Join } from "./connection.ts";
export { openSession } from "./session.ts";
export type { LiveRoom, LiveSession, SessionOptions, SessionView } from "./session.ts";
export type { SessionPerson } from "./people.ts";
export type { Level, Levels } from "./levels.ts";
export { answerCall, declineCall, endCall, openCall, startCall, upgradeCall } from "./calls.ts";
export type { CallOptions, CallRow, CallStatus, CallType, CallView, LiveCall, Started } from "./calls.ts";
export { balance, buyTicket, giftCatalog, myTickets, sendGift } from "./coins.ts";
export type { CoinsSupabase, Gift, GiftReceipt, Ticket } from "./coins.ts";
export {
  acceptInvite,
  actionOutcome,
  actionsInRoom,
  actionsOn,
  declineInvite,
  isStaff,
  lowerHand,
  moderate,
  raiseHand,
  watchLevels,
} from "./stage.ts";
export type { ActionOutcome, ActionRequest } from "./stage.ts";
export {
  appeal,
  blockUser,
  evidenceNotice,
  myBlocks,
  myDecisions,
  report,
  reportReasons,
  setCallsFrom,
  unblockUser,
} from "./safety.ts";
export type { CallsFrom, Decision, EvidenceNotice, ReasonCode, Report, Reported } from "./safety.ts";
export { myRecordingAnswer, RECORDING_EVENTS, recordingNow } from "./recording_now.ts";
export type { RecordingNow } from "./recording_now.ts";
export { deleteMyAccount, exportMyData, forgetPush, registerPush } from "./account.ts";
export type { PushDevice } from "./account.ts";
export {
  cancelSession,
  createSession,
  endSession,
  liveNow,
  moveSession,
  startSession,
  upcoming,
} from "./feeds.ts";
export type {
  AccessType,
  Begun,
  FeedPage,
  LiveNow,
  NewSession,
  Session,
  SessionType,
  Upcoming,
} from "./feeds.ts";
export {
  answerRecording,
  buyReplay,
  openReplay,
  publishReplay,
  recordingFiles,
  recordingNotice,
  replayChat,
  replays,
  startRecording,
  stopRecording,
  withdrawRecordingConsent,
} from "./recordings.ts";
export type {
  Chapter,
  Playback,
  Publishing,
  Recording,
  RecordingMode,
  RecordingNotice,
  Replay,
  ReplayLine,
} from "./recordings.ts";
export type { Database, Json } from "./database_types.ts";
