/** The shape of the words of cases, evidence, chat, appeals, recordings and the wall. */
import type { ClipAccess } from "../../model/evidence.ts";
import type { RuleEffect } from "../../model/chat.ts";
import type { Recording, RecordingAct, RecordingMode, RecordingState } from "../../model/recordings.ts";

export interface ToolWords {
  bell: {
    /** Announced when it rings. */
    rang: Record<"open" | "claimed" | "resolved" | "appeal", string>;
    waiting: (n: number) => string;
    aloud: string;
  };
  evidence: {
    title: string;
    why: string;
    none: string;
    cause: { incident: string; reports: string; ops: string; speech: string; picture: string };
    frame: string;
    show: string;
    storing: string;
    until: (time: string) => string;
    deleted: (time: string) => string;
    held: string;
    listen: string;
    hold: string;
    release: string;
    keep: string;
    clipOf: (time: string) => string;
    genuine: string;
    forged: string;
    log: (n: number) => string;
    act: Record<ClipAccess["act"], string>;
  };
  appeals: {
    title: string;
    note: string;
    none: string;
    sent: (time: string) => string;
    toCase: string;
    answer: string;
    own: string;
    lift: string;
    uphold: string;
    decided: Record<"upheld" | "lifted", string>;
    open: string;
    alone: string;
    longBans: string;
    noLongBans: string;
    wanted: (until: string) => string;
    confirm: string;
  };
  chat: {
    title: string;
    none: string;
    set: string;
    pause: (length: string) => string;
    waiting: (n: number) => string;
    held: string;
    deleted: string;
    pinned: string;
    release: string;
    delete: string;
    pin: string;
    unpin: string;
  };
  words: {
    title: string;
    own: string;
    note: string;
    ownNote: string;
    word: string;
    pattern: string;
    effect: string;
    effects: Record<RuleEffect, string>;
    exact: string;
    exactNote: string;
    add: string;
    remove: string;
    removeOf: (word: string) => string;
    find: string;
    none: string;
  };
  file: {
    room: string;
    noRoom: string;
    actions: string;
    appeals: string;
    earlier: string;
    firstAct: (ms: string) => string;
    inbox: string;
  };
  wall: {
    title: string;
    note: string;
    noPictures: string;
    pictures: string;
    weak: (names: string) => string;
    quiet: string;
    none: string;
  };
  connection: Record<"excellent" | "good" | "poor" | "lost", string>;
  picture: { frozen: (seconds: string) => string; black: string };
  recording: {
    title: string;
    none: string;
    modes: string;
    mode: Record<RecordingMode, string>;
    state: Record<RecordingState, string>;
    start: string;
    stop: string;
    play: string;
    stuck: string;
    takenDown: string;
    takeDown: string;
    restore: string;
    published: (time: string) => string;
    /** The wish for files of the whole. */
    mp4: string;
    files: string;
    file: (number: number) => string;
    noFiles: string;
    remove: string;
    removeForGood: string;
    usage: { used: (used: string, limit: string | null) => string; exceeded: string };
    stopped: string;
    allowed: string;
    forbidden: (time: string, reason: string) => string;
    allow: string;
    forbid: string;
    asked: (who: string) => string;
    minutes: (n: string) => string;
    begins: (time: string) => string;
    untilAtMost: (time: string) => string;
    ended: Record<NonNullable<Recording["unwanted_why"]>, string>;
    /** By `error_code`. */
    error: Record<string, string>;
    gap: (from: string, to: string) => string;
    log: (n: number) => string;
    act: Record<RecordingAct["act"], string>;
    /** As the feed of a room says it. */
    event: { starting: string; started: string; stopped: string };
  };
  mine: {
    title: string;
    sessions: string;
    noSessions: string;
    bans: string;
    noBans: string;
    summary: string;
    openRoom: string;
    banned: (name: string) => string;
  };
}
