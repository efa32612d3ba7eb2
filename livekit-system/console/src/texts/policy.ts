/** Words for editing the policy of automatic moderation. */

export interface PolicyWords {
  title: string;
  titleOf: (room: string) => string;
  open: string;
  openOf: string;
  platformWhy: string;
  roomWhy: string;
  preset: string;
  presets: Record<string, string>;
  noPreset: string;
  inherited: (value: string) => string;
  isOn: string;
  section: Record<string, string>;
  field: Record<string, string>;
  bounds: (low: string, high: string) => string;
  step: Record<string, string>;
  ladder: string;
  ladderWhy: string;
  ladderOwn: string;
  ladderBack: string;
  stepName: string;
  strikes: string;
  cooldown: string;
  length: string;
  yes: string;
  no: string;
  estimate: string;
  estimating: string;
  nothingMeasured: string;
  measured: (people: string, minutes: string, since: string) => string;
  now: string;
  then: string;
  would: (counts: Record<string, number>) => string;
  estimateNote: string;
  others: {
    title: string;
    rule: string;
    by: string;
    basis: Record<"minutes" | "incidents", string>;
    sessions: string;
    bound: Record<"exact" | "about" | "at_least" | "at_most" | "unknown", (n: string) => string>;
    note: string;
  };
  cut: string;
  why: string;
  save: string;
  nothingChanged: string;
  reset: string;
  raced: string;
  saved: string;
}

const FIELDS_EN = {
  mode: "Mode",
  enabled: "On",
  threshold_lufs: "Limit, LUFS",
  threshold_dbfs: "Limit, dBFS",
  grace_seconds: "Grace, s",
  weight: "Strikes each time",
  ceiling: "Goes no further than",
  jump_lu: "Jump, LU",
  ratio: "Clipped share, 0 to 1",
  seconds: "After, s",
  count_muted: "Muted counts as silence",
  mute_seconds: "Mute, s",
  half_life_seconds: "Strikes halve every, s",
  clean_below: "Clean below",
  told_every_seconds: "Told again after, s",
  tips_every_seconds: "A tip again after, s",
};

const FIELDS_TR: typeof FIELDS_EN = {
  mode: "Kip",
  enabled: "Açık",
  threshold_lufs: "Sınır, LUFS",
  threshold_dbfs: "Sınır, dBFS",
  grace_seconds: "Tolerans, sn",
  weight: "Her seferinde ihlal puanı",
  ceiling: "En ileri adım",
  jump_lu: "Sıçrama, LU",
  ratio: "Kırpılan pay, 0–1",
  seconds: "Şu kadar sonra, sn",
  count_muted: "Susturulmuş olmak sessizlik sayılır",
  mute_seconds: "Susturma, sn",
  half_life_seconds: "Puanlar şu kadarda yarılanır, sn",
  clean_below: "Şunun altı temiz sayılır",
  told_every_seconds: "Yeniden bildirme aralığı, sn",
  tips_every_seconds: "Öneri aralığı, sn",
};

const list = (parts: (string | false)[], none: string) => parts.filter(Boolean).join(", ") || none;

export const policyEn: PolicyWords = {
  title: "Policy of automatic moderation",
  titleOf: (room) => `Policy of ${room}`,
  open: "Edit thresholds, graces and the ladder",
  openOf: "policy of this room",
  platformWhy: "Holds in every room. What is empty keeps its default.",
  roomWhy: "Holds in this room only. What is empty is as on the platform.",
  preset: "Preset",
  presets: { talk: "Talk", music: "Music", asmr: "Whisper and sleep" },
  noPreset: "none",
  inherited: (value) => `as it is: ${value}`,
  isOn: "on",
  section: { strikes: "Strikes", general: "General" },
  field: FIELDS_EN,
  bounds: (low, high) => `${low} to ${high}`,
  step: {
    notice: "a notice",
    warning: "a warning",
    mute: "a mute",
    demote: "taking the floor away",
    call_human: "calling a moderator",
  },
  ladder: "Ladder",
  ladderWhy:
    "From how many strikes which step is taken, and how long nothing more is held against the person after it.",
  ladderOwn: "Set a ladder here",
  ladderBack: "Back to the ladder as it is",
  stepName: "Step",
  strikes: "From strikes",
  cooldown: "Then quiet for, s",
  length: "Mute, s",
  yes: "yes",
  no: "no",
  estimate: "What it would have done",
  estimating: "Estimating …",
  nothingMeasured: "Nothing was measured in these days, so there is nothing to estimate from.",
  measured: (people, minutes, since) =>
    `From ${minutes} measured minutes of ${people} people since ${since}:`,
  now: "As it is",
  then: "With this",
  would: (n) =>
    list(
      [
        n["notice"]! > 0 && `about ${n["notice"]} would have been told`,
        n["warning"]! > 0 && `${n["warning"]} warned`,
        n["mute"]! > 0 && `${n["mute"]} muted`,
        n["demote"]! > 0 && `${n["demote"]} would have lost the floor`,
        n["call_human"]! > 0 && `for ${n["call_human"]} a moderator would have been called`,
      ],
      "nobody would have been told anything",
    ),
  estimateNote: "For being too loud: an estimate from the seconds by decibel of each minute.",
  others: {
    title: "The other rules: people whom they would have noticed",
    rule: "Rule",
    by: "Judged by",
    basis: { minutes: "figures of the minutes", incidents: "what the rule has noted" },
    sessions: " (sessions, not people)",
    bound: {
      exact: (n) => n,
      about: (n) => `about ${n}`,
      at_least: (n) => `${n} or more`,
      at_most: (n) => `${n} or fewer`,
      unknown: () => "nothing was stored to judge by",
    },
    note:
      "A rule that is judged by what it has noted can say who would no longer be noticed. Whom a stricter limit or a shorter grace would have noticed besides was not stored. Noise is judged by its level alone, dead air by whole minutes.",
  },
  cut: "Only the newest 20,000 minutes were counted.",
  why: "Why?",
  save: "Save the policy",
  nothingChanged: "Nothing was changed.",
  reset: "Undo my changes",
  raced:
    "Somebody else has just changed this policy. Have a look at it and decide again; your changes are still here.",
  saved: "Saved. Workers have it within seconds.",
};

export const policyTr: PolicyWords = {
  title: "Otomatik moderasyon politikası",
  titleOf: (room) => `Politika: ${room}`,
  open: "Sınırları, toleransları ve basamakları düzenle",
  openOf: "bu odanın politikası",
  platformWhy: "Bütün odalarda geçerlidir. Boş kalan, varsayılan değerindedir.",
  roomWhy: "Yalnızca bu odada geçerlidir. Boş kalan, platformdaki gibidir.",
  preset: "Hazır ayar",
  presets: { talk: "Sohbet", music: "Müzik", asmr: "Fısıltı ve uyku" },
  noPreset: "yok",
  inherited: (value) => `şimdiki: ${value}`,
  isOn: "açık",
  section: { strikes: "İhlal puanları", general: "Genel" },
  field: FIELDS_TR,
  bounds: (low, high) => `${low} – ${high}`,
  step: {
    notice: "bildirim",
    warning: "uyarı",
    mute: "susturma",
    demote: "sözün alınması",
    call_human: "moderatör çağırma",
  },
  ladder: "Basamaklar",
  ladderWhy: "Kaç puandan sonra hangi adım atılır ve ardından kişiye ne kadar süre yeni puan yazılmaz.",
  ladderOwn: "Burada ayrı basamak belirle",
  ladderBack: "Şimdiki basamaklara dön",
  stepName: "Adım",
  strikes: "Puandan itibaren",
  cooldown: "Ardından bekleme, sn",
  length: "Susturma, sn",
  yes: "evet",
  no: "hayır",
  estimate: "Ne yapmış olurdu",
  estimating: "Tahmin ediliyor …",
  nothingMeasured: "Bu günlerde ölçüm yok; tahmin yapılamıyor.",
  measured: (people, minutes, since) =>
    `${since} tarihinden beri ${people} kişinin ölçülen ${minutes} dakikasına göre:`,
  now: "Şimdiki hâliyle",
  then: "Bununla",
  would: (n) =>
    list(
      [
        n["notice"]! > 0 && `yaklaşık ${n["notice"]} kişiye bildirim giderdi`,
        n["warning"]! > 0 && `${n["warning"]} kişi uyarılırdı`,
        n["mute"]! > 0 && `${n["mute"]} kişi susturulurdu`,
        n["demote"]! > 0 && `${n["demote"]} kişiden söz alınırdı`,
        n["call_human"]! > 0 && `${n["call_human"]} kişi için moderatör çağrılırdı`,
      ],
      "kimseye bir şey bildirilmezdi",
    ),
  estimateNote: "Çok yüksek ses için: her dakikanın desibel başına saniyelerinden bir tahmindir.",
  others: {
    title: "Öteki kurallar: fark edecekleri kişiler",
    rule: "Kural",
    by: "Neye göre",
    basis: { minutes: "dakikaların ölçümleri", incidents: "kuralın kaydettikleri" },
    sessions: " (kişi değil, oturum)",
    bound: {
      exact: (n) => n,
      about: (n) => `yaklaşık ${n}`,
      at_least: (n) => `${n} ya da daha çok`,
      at_most: (n) => `en çok ${n}`,
      unknown: () => "değerlendirecek kayıt yok",
    },
    note:
      "Kaydettiklerine göre değerlendirilen bir kural, artık kimin fark edilmeyeceğini söyleyebilir. Daha sıkı bir sınırın ya da daha kısa bir toleransın ayrıca kimi fark edeceği kaydedilmemiştir. Gürültü yalnızca düzeyine, sessiz yayın tam dakikalara göre değerlendirilir.",
  },
  cut: "Yalnızca en yeni 20.000 dakika sayıldı.",
  why: "Neden?",
  save: "Politikayı kaydet",
  nothingChanged: "Değişiklik yok.",
  reset: "Değişikliklerimi geri al",
  raced: "Bu politikayı az önce başka biri değiştirdi. Bakıp yeniden karar verin; değişiklikleriniz duruyor.",
  saved: "Kaydedildi. Çalışanlar birkaç saniye içinde alır.",
};
