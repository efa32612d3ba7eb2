/** `@ipelya/live-console`: the console's pages, components and readings, for a React app of one's own. */
export { LiveConsole, type LiveConsoleProps, type SignedIn } from "./LiveConsole.tsx";

// Pages: readings and components put together. Each stands below `LiveConsole`.
export { AppealsPage } from "./pages/AppealsPage.tsx";
export { AuditPage } from "./pages/AuditPage.tsx";
export { CallsPage } from "./pages/CallsPage.tsx";
export { CasesPage } from "./pages/CasesPage.tsx";
export { KeysPage } from "./pages/KeysPage.tsx";
export { MinePage } from "./pages/MinePage.tsx";
export { PeoplePage } from "./pages/PeoplePage.tsx";
export { PersonPage } from "./pages/PersonPage.tsx";
export { RecordingsPage } from "./pages/RecordingsPage.tsx";
export { PolicyPage } from "./pages/PolicyPage.tsx";
export { ReportsPage } from "./pages/ReportsPage.tsx";
export { RoomPage } from "./pages/RoomPage.tsx";
export { RoomsPage } from "./pages/RoomsPage.tsx";
export { ShiftPage } from "./pages/ShiftPage.tsx";
export { Shortcuts } from "./pages/Shortcuts.tsx";
export { SwitchesPage } from "./pages/SwitchesPage.tsx";
export { WallPage } from "./pages/WallPage.tsx";
export { WordsPage } from "./pages/WordsPage.tsx";
export { useAct } from "./pages/Acting.tsx";

// Components: properties in, nothing fetched.
export { AppealList } from "./components/AppealList.tsx";
export { AuditList } from "./components/ActionLine.tsx";
export { BanList } from "./components/BanList.tsx";
export { CaseFile } from "./components/CaseFile.tsx";
export { CaseHistory } from "./components/CaseHistory.tsx";
export { CaseList } from "./components/CaseList.tsx";
export { ChatLog } from "./components/ChatLog.tsx";
export { EvidenceList } from "./components/EvidenceList.tsx";
export { IncidentList } from "./components/Feeds.tsx";
export { ListenPanel } from "./components/ListenIn.tsx";
export { Meter } from "./components/Meter.tsx";
export { RecordingList } from "./components/RecordingList.tsx";
export { Freshness, Reading } from "./components/States.tsx";
export { RoomTable } from "./components/RoomTable.tsx";
export { WallTile } from "./components/WallTile.tsx";

// Readings: what is shown, kept fresh; and what may be done with it.
export { BellContext, useBell, useRung } from "./data/bell.ts";
export { ProjectContext, SupabaseContext, useSupabase } from "./data/client.ts";
export { type Failure, failureFrom } from "./data/failure.ts";
export { nameFor, profilesOf } from "./data/names.ts";
export { type Account, useAccount } from "./data/useAccount.ts";
export { type Appeals, useAppeals } from "./data/useAppeals.ts";
export { type Audit, useAudit } from "./data/useAudit.ts";
export { useCalls } from "./data/useCalls.ts";
export { type CaseWork, useCase, useInbox } from "./data/useCases.ts";
export { type ChatReading, useChat } from "./data/useChat.ts";
export { useCrowd } from "./data/useCrowd.ts";
export { type EvidenceWork, useEvidence } from "./data/useEvidence.ts";
export { useIntents } from "./data/useIntents.ts";
export { type Levels, useLevels } from "./data/useLevels.ts";
export { type ListenIn, useListenIn } from "./data/useListenIn.ts";
export { type Live, useLive, useNow } from "./data/useLive.ts";
export { type MineReading, useMine } from "./data/useMine.ts";
export { type Notes, useNotes } from "./data/useNotes.ts";
export { usePeopleSearch, usePerson } from "./data/usePerson.ts";
export { type RecordingWork, useRecordings } from "./data/useRecordings.ts";
export { type Estimate, type PolicyReading, useEstimate, usePolicy } from "./data/usePolicy.ts";
export { type Head, type Room, useHead, useRoom } from "./data/useRoom.ts";
export { useRooms } from "./data/useRooms.ts";
export { type Measures, type Overview, useShift } from "./data/useShift.ts";
export { useWall } from "./data/useWall.ts";
export { useWallPictures, type WallPicture } from "./data/useWallPictures.ts";
export { useWordList, type WordList } from "./data/useWordList.ts";

// What things mean.
export type { Appeal } from "./model/appeals.ts";
export type { Case, CaseFile as CaseFileReading } from "./model/cases.ts";
export type { ChatLine, WordRule } from "./model/chat.ts";
export type { Clip } from "./model/evidence.ts";
export type { Aim, Intent } from "./model/intents.ts";
export type { Recording } from "./model/recordings.ts";
export type * from "./model/rows.ts";
export { type Links, links, LinksContext, type Route, routeOf } from "./route.ts";
export { LanguageContext, useWords } from "./texts/useWords.ts";
export type { Words } from "./texts/words.ts";
