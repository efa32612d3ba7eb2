/** Words for the global audit, the change of shifts, and the figures of operators. */

export interface OfficeWords {
  audit: {
    title: string;
    none: string;
    person: string;
    personHint: string;
    by: string;
    action: string;
    any: string;
    via: string;
    status: string;
    code: string;
    from: string;
    to: string;
    rehearsals: string;
    clear: string;
    more: string;
    csv: string;
    preparing: (rows: string) => string;
    cut: (rows: string) => string;
    print: string;
    printed: (at: string, by: string) => string;
    rows: (n: string) => string;
    filters: string;
    digest: string;
    onRecord: string;
    taken: (form: "csv" | "print", rows: number, filters: string) => string;
    column: {
      when: string;
      what: string;
      whom: string;
      where: string;
      who: string;
      why: string;
      became: string;
    };
    onPlatform: string;
    inCall: string;
    room: (id: string) => string;
    undone: (at: string) => string;
  };
  shift: {
    title: string;
    since: (at: string) => string;
    sinceYouLeft: (at: string) => string;
    range: string;
    ranges: { mine: string; h8: string; h24: string; d7: string };
    open: string;
    openCases: (n: string, critical: number, unclaimed: number) => string;
    appeals: (n: number) => string;
    live: (n: number) => string;
    happened: string;
    nothing: string;
    cases: (opened: string, resolved: string) => string;
    sessions: (n: string) => string;
    acts: string;
    action: string;
    via: string;
    times: string;
    failed: string;
    incidents: string;
    rule: string;
    people: string;
    acted: string;
    settings: string;
    notes: string;
    noNotes: string;
    handOver: string;
    handOverWhy: string;
    leave: string;
    left: string;
    team: string;
    teamWhy: string;
    who: string;
    took: string;
    reversed: string;
    takenBack: string;
    decided: string;
    response: string;
    decision: string;
    noTeam: string;
    mine: string;
    mineWhy: string;
    listens: string;
    listensWhy: string;
    noListens: string;
    rooms: string;
    withCase: string;
    latest: string;
  };
}

export const officeEn: OfficeWords = {
  audit: {
    title: "Audit",
    none: "Nothing was done that fits.",
    person: "Against whom",
    personHint: "Name or id",
    by: "By whom",
    action: "Action",
    any: "all",
    via: "Through",
    status: "Outcome",
    code: "Rule broken",
    from: "From day",
    to: "To day",
    rehearsals: "With rehearsals",
    clear: "Clear filters",
    more: "Show more",
    csv: "Save as CSV",
    preparing: (rows) => `Reading: ${rows} rows …`,
    cut: (rows) => `The file ends after ${rows} rows. Narrow the days for the rest.`,
    print: "Print",
    printed: (at, by) => `Printed ${at} by ${by}`,
    rows: (n) => `${n} rows`,
    filters: "Filters",
    digest: "SHA-256 of these rows as CSV",
    onRecord: "Taking rows out of the audit stands in the audit: who, when, which filters, how many.",
    taken: (form, rows, filters) =>
      `${form === "csv" ? "as CSV" : "on paper"}, ${rows} rows${filters && `, ${filters}`}`,
    column: {
      when: "When",
      what: "What",
      whom: "Whom",
      where: "Where",
      who: "By whom",
      why: "Why",
      became: "What became of it",
    },
    onPlatform: "platform",
    inCall: "a call",
    room: (id) => `room ${id}`,
    undone: (at) => `undone ${at}`,
  },
  shift: {
    title: "Shift",
    since: (at) => `Since ${at}`,
    sinceYouLeft: (at) => `Since you left, ${at}`,
    range: "Since when",
    ranges: { mine: "Since I left", h8: "8 hours", h24: "24 hours", d7: "7 days" },
    open: "What waits",
    openCases: (n, critical, unclaimed) =>
      `${n} open cases` + (critical > 0 ? `, ${critical} critical` : "") +
      (unclaimed > 0 ? `, ${unclaimed} with nobody` : ""),
    appeals: (n) => n === 1 ? "1 appeal to decide" : `${n} appeals to decide`,
    live: (n) => n === 1 ? "1 live room" : `${n} live rooms`,
    happened: "What happened",
    nothing: "Nothing.",
    cases: (opened, resolved) => `Cases: ${opened} opened, ${resolved} decided`,
    sessions: (n) => `Sessions begun: ${n}`,
    acts: "What was done",
    action: "Action",
    via: "Through",
    times: "Times",
    failed: "Failed",
    incidents: "What the rules found",
    rule: "Rule",
    people: "People",
    acted: "Acted on",
    settings: "Switches and policies",
    notes: "Hand-over notes",
    noNotes: "Nobody has handed over yet.",
    handOver: "Hand over",
    handOverWhy: "What must the next ones know? With this note you leave the shift.",
    leave: "Hand over and leave the shift",
    left: "Handed over.",
    team: "Who acts how",
    teamWhy:
      "Reversed: lifted on appeal, or undone by somebody else. Response: from the opening of a case to the first act in it; medians.",
    who: "Who",
    took: "Acts that took something",
    reversed: "Reversed",
    takenBack: "Taken back by themselves",
    decided: "Cases decided",
    response: "Response",
    decision: "To the decision",
    noTeam: "Nobody has acted.",
    mine: "How you act",
    mineWhy:
      "Reversed: lifted on appeal, or undone by somebody else. Response: from the opening of a case to the first act in it; medians. Only you and who leads the team see this.",
    listens: "Who listened in",
    listensWhy: "Each time stands in the audit with its reason.",
    noListens: "Nobody has listened in.",
    rooms: "Rooms",
    withCase: "For a case",
    latest: "Latest",
  },
};

export const officeTr: OfficeWords = {
  audit: {
    title: "Denetim kaydı",
    none: "Uyan bir işlem yok.",
    person: "Kime karşı",
    personHint: "Ad ya da kimlik",
    by: "Kim tarafından",
    action: "İşlem",
    any: "hepsi",
    via: "Hangi yoldan",
    status: "Sonuç",
    code: "Çiğnenen kural",
    from: "İlk gün",
    to: "Son gün",
    rehearsals: "Provalarla birlikte",
    clear: "Süzgeçleri temizle",
    more: "Daha fazla göster",
    csv: "CSV olarak kaydet",
    preparing: (rows) => `Okunuyor: ${rows} satır …`,
    cut: (rows) => `Dosya ${rows} satırda kesildi. Kalanı için günleri daraltın.`,
    print: "Yazdır",
    printed: (at, by) => `${at} tarihinde ${by} tarafından yazdırıldı`,
    rows: (n) => `${n} satır`,
    filters: "Süzgeçler",
    digest: "Bu satırların CSV hâlinin SHA-256 özeti",
    onRecord: "Denetim kaydından satır almak da kaydedilir: kim, ne zaman, hangi süzgeçlerle, kaç satır.",
    taken: (form, rows, filters) =>
      `${form === "csv" ? "CSV olarak" : "kâğıda"}, ${rows} satır${filters && `, ${filters}`}`,
    column: {
      when: "Ne zaman",
      what: "Ne",
      whom: "Kime",
      where: "Nerede",
      who: "Kim",
      why: "Neden",
      became: "Sonuç",
    },
    onPlatform: "platform",
    inCall: "bir arama",
    room: (id) => `oda ${id}`,
    undone: (at) => `${at} geri alındı`,
  },
  shift: {
    title: "Vardiya",
    since: (at) => `${at} tarihinden beri`,
    sinceYouLeft: (at) => `Ayrıldığınızdan beri, ${at}`,
    range: "Ne zamandan beri",
    ranges: { mine: "Ayrıldığımdan beri", h8: "8 saat", h24: "24 saat", d7: "7 gün" },
    open: "Bekleyenler",
    openCases: (n, critical, unclaimed) =>
      `${n} açık dosya` + (critical > 0 ? `, ${critical} kritik` : "") +
      (unclaimed > 0 ? `, ${unclaimed} sahipsiz` : ""),
    appeals: (n) => `karar bekleyen ${n} itiraz`,
    live: (n) => `${n} canlı oda`,
    happened: "Olanlar",
    nothing: "Bir şey olmadı.",
    cases: (opened, resolved) => `Dosyalar: ${opened} açıldı, ${resolved} karara bağlandı`,
    sessions: (n) => `Başlayan oturumlar: ${n}`,
    acts: "Yapılanlar",
    action: "İşlem",
    via: "Hangi yoldan",
    times: "Kez",
    failed: "Başarısız",
    incidents: "Kuralların bulduğu",
    rule: "Kural",
    people: "Kişi",
    acted: "İşlem yapılan",
    settings: "Anahtarlar ve politikalar",
    notes: "Devir notları",
    noNotes: "Henüz devir notu yok.",
    handOver: "Devret",
    handOverWhy: "Sizden sonrakiler neyi bilmeli? Bu notla vardiyadan ayrılırsınız.",
    leave: "Devret ve vardiyadan ayrıl",
    left: "Devredildi.",
    team: "Kim nasıl davranıyor",
    teamWhy:
      "Geri çevrilen: itirazla kaldırılan ya da başkasının geri aldığı. Tepki: dosyanın açılmasından ilk işleme kadar; ortancalar.",
    who: "Kim",
    took: "Bir hakkı alan işlemler",
    reversed: "Geri çevrilen",
    takenBack: "Kendisinin geri aldığı",
    decided: "Karar verdiği dosya",
    response: "Tepki",
    decision: "Karara kadar",
    noTeam: "Kimse işlem yapmadı.",
    mine: "Sizin işlemleriniz",
    mineWhy:
      "Geri çevrilen: itirazla kaldırılan ya da başkasının geri aldığı. Tepki: dosyanın açılmasından ilk işleme kadar; ortancalar. Bunu yalnızca siz ve ekibi yöneten görür.",
    listens: "Kim dinledi",
    listensWhy: "Her dinleme, nedeniyle birlikte denetim kaydındadır.",
    noListens: "Kimse dinlemedi.",
    rooms: "Oda",
    withCase: "Dosya için",
    latest: "Son",
  },
};
