/** Words for acting on several people at once, on calls, and for private notes; and for the page of shortcuts. */

import { whole } from "./numbers.ts";

const [wEn, wTr] = [whole("en"), whole("tr")];

export interface ActsWords {
  note: string;
  noteWhy: string;
  noteFailed: string;
  notes: string;
  noNotes: string;
  addNote: string;
  /** Acting on several people. */
  select: string;
  selectOne: (name: string) => string;
  selected: (n: number) => string;
  selectShown: string;
  clear: string;
  actOnAll: string;
  titleOfMany: (n: number) => string;
  sentenceOfMany: (what: string, n: number) => string;
  nothingForAll: string;
  whom: string;
  become: (n: number) => string;
  refusedOf: (n: number) => string;
  heldAlready: (n: number) => string;
  foretoldFirst: (asked: number, all: number) => string;
  batch: (done: number, moving: number, bad: number) => string;
  undoAll: (seconds: number) => string;
  bannedBy: (name: string) => string;
  liftedBy: (name: string) => string;
  bansHere: string;
  noBansHere: string;
  /** A person's ban, for who hears the page. */
  liftFor: (name: string) => string;
  calls: {
    title: string;
    which: string;
    state: { running: string; ended: string };
    none: string;
    noneOver: string;
    status: Record<string, string>;
    type: { audio: string; video: string };
    between: (one: string, other: string) => string;
    actOn: (one: string, other: string) => string;
    end: string;
    unheard: string;
  };
  keys: {
    title: string;
    why: string;
    on: string;
    key: string;
    does: string;
    list: Record<KeyName, string>;
  };
}

export type KeyName =
  | "help"
  | "search"
  | "next"
  | "previous"
  | "act"
  | "select"
  | "bulk"
  | "whole"
  | "rooms"
  | "cases"
  | "people"
  | "calls"
  | "audit"
  | "shift"
  | "escape";

export const actsEn: ActsWords = {
  note: "Private note",
  noteWhy: "For your colleagues only. The person never sees it.",
  noteFailed: "The act is done; the note was not kept.",
  notes: "Notes of the team",
  noNotes: "No notes.",
  addNote: "Add note",
  select: "Select",
  selectOne: (name) => `Select ${name}`,
  selected: (n) => `${wEn(n)} selected`,
  selectShown: "Select all shown",
  clear: "Clear selection",
  actOnAll: "Act on the selected",
  titleOfMany: (n) => `Act on ${wEn(n)} people`,
  sentenceOfMany: (what, n) => `${what}: ${wEn(n)} people`,
  nothingForAll: "Nothing can be done to all of them.",
  whom: "Whom",
  become: (n) => `${wEn(n)} ${n === 1 ? "person" : "people"}:`,
  refusedOf: (n) => `${wEn(n)} refused:`,
  heldAlready: (n) => `For ${wEn(n)} of them it holds already.`,
  foretoldFirst: (asked, all) =>
    `Asked for the first ${wEn(asked)} of ${wEn(all)}; each act is decided by itself.`,
  batch: (done, moving, bad) =>
    [`${done} done`, moving > 0 && `${moving} under way`, bad > 0 && `${bad} refused or failed`]
      .filter(Boolean).join(", "),
  undoAll: (seconds) => `Undo all (${seconds} s)`,
  bannedBy: (name) => `by ${name}`,
  liftedBy: (name) => `lifted by ${name}`,
  bansHere: "Kept out",
  noBansHere: "Nobody is kept out.",
  liftFor: (name) => `Lift the ban of ${name}`,
  calls: {
    title: "Calls",
    which: "Which calls",
    state: { running: "Running", ended: "Over" },
    none: "Nobody is calling right now.",
    noneOver: "No calls.",
    status: {
      initiated: "begins",
      ringing: "rings",
      accepted: "talking",
      declined: "declined",
      missed: "missed",
      cancelled: "cancelled",
      ended: "ended",
      failed: "failed",
    },
    type: { audio: "Audio call", video: "Video call" },
    between: (one, other) => `${one} → ${other}`,
    actOn: (one, other) => `Act on the call of ${one} and ${other}`,
    end: "End the call",
    unheard: "Nobody listens to calls: there is no listening in, and nothing in them is measured.",
  },
  keys: {
    title: "Keyboard shortcuts",
    why: "They work anywhere but in a field or a form. Every page can also be used with Tab and Enter alone.",
    on: "Use shortcuts of single letters",
    key: "Key",
    does: "What it does",
    list: {
      help: "This page",
      search: "To the search of the page",
      next: "Next row of the list",
      previous: "Previous row of the list",
      act: "Act on the row that has the focus",
      select: "Select the row that has the focus",
      bulk: "Act on the selected",
      whole: "Act on the whole room",
      rooms: "Live rooms",
      cases: "Cases",
      people: "People",
      calls: "Calls",
      audit: "Audit",
      shift: "Shift",
      escape: "Close a form; what is being sent is called back",
    },
  },
};

export const actsTr: ActsWords = {
  note: "Özel not",
  noteWhy: "Yalnızca ekip arkadaşlarınız içindir. Kişi bunu hiçbir zaman görmez.",
  noteFailed: "İşlem yapıldı; not kaydedilemedi.",
  notes: "Ekip notları",
  noNotes: "Not yok.",
  addNote: "Not ekle",
  select: "Seç",
  selectOne: (name) => `Seç: ${name}`,
  selected: (n) => `${wTr(n)} kişi seçildi`,
  selectShown: "Gösterilenlerin hepsini seç",
  clear: "Seçimi temizle",
  actOnAll: "Seçilenlere işlem yap",
  titleOfMany: (n) => `${wTr(n)} kişiye işlem yap`,
  sentenceOfMany: (what, n) => `${what}: ${wTr(n)} kişi`,
  nothingForAll: "Hepsine birden yapılabilecek bir işlem yok.",
  whom: "Kimlere",
  become: (n) => `${wTr(n)} kişi:`,
  refusedOf: (n) => `${wTr(n)} kişi reddedildi:`,
  heldAlready: (n) => `${wTr(n)} kişi için zaten geçerli.`,
  foretoldFirst: (asked, all) =>
    `${wTr(all)} kişinin ilk ${wTr(asked)} tanesi için soruldu; her işlem ayrı karara bağlanır.`,
  batch: (done, moving, bad) =>
    [`${done} yapıldı`, moving > 0 && `${moving} sürüyor`, bad > 0 && `${bad} reddedildi ya da başarısız`]
      .filter(Boolean).join(", "),
  undoAll: (seconds) => `Hepsini geri al (${seconds} sn)`,
  bannedBy: (name) => `yasaklayan: ${name}`,
  liftedBy: (name) => `kaldıran: ${name}`,
  bansHere: "Giremeyenler",
  noBansHere: "Yasaklı kimse yok.",
  liftFor: (name) => `Yasağı kaldır: ${name}`,
  calls: {
    title: "Aramalar",
    which: "Hangi aramalar",
    state: { running: "Sürenler", ended: "Bitenler" },
    none: "Şu anda arama yok.",
    noneOver: "Arama yok.",
    status: {
      initiated: "başlıyor",
      ringing: "çalıyor",
      accepted: "görüşülüyor",
      declined: "reddedildi",
      missed: "cevapsız",
      cancelled: "iptal edildi",
      ended: "bitti",
      failed: "başarısız",
    },
    type: { audio: "Sesli arama", video: "Görüntülü arama" },
    between: (one, other) => `${one} → ${other}`,
    actOn: (one, other) => `${one} ile ${other} arasındaki aramaya işlem yap`,
    end: "Aramayı bitir",
    unheard: "Aramaları kimse dinlemez: ne dinleme vardır ne de ölçüm.",
  },
  keys: {
    title: "Klavye kısayolları",
    why:
      "Alanlar ve formlar dışında her yerde çalışır. Her sayfa yalnızca Tab ve Enter ile de kullanılabilir.",
    on: "Tek harfli kısayolları kullan",
    key: "Tuş",
    does: "Ne yapar",
    list: {
      help: "Bu sayfa",
      search: "Sayfadaki aramaya gider",
      next: "Listede sonraki satır",
      previous: "Listede önceki satır",
      act: "Odaktaki satıra işlem yapar",
      select: "Odaktaki satırı seçer",
      bulk: "Seçilenlere işlem yapar",
      whole: "Bütün odaya işlem yapar",
      rooms: "Canlı odalar",
      cases: "Dosyalar",
      people: "Kişiler",
      calls: "Aramalar",
      audit: "Denetim kaydı",
      shift: "Vardiya",
      escape: "Formu kapatır; gönderilmekte olan geri çağrılır",
    },
  },
};
