// Written from moderation/rules/ by tests/unit/test_rule_lists.py.

export type Rule =
  | "too_loud"
  | "scream"
  | "clipping"
  | "howl"
  | "noise"
  | "hum"
  | "dead_air"
  | "not_allowed"
  | "not_measurable"
  | "disguise"
  | "too_many_tracks";

/** What ops call each rule. */
export const RULE_NAMES: Record<"en" | "tr", Record<Rule, string>> = {
  en: {
    too_loud: "too loud",
    scream: "scream",
    clipping: "clipping",
    howl: "howl",
    noise: "noise",
    hum: "mains hum",
    dead_air: "dead air",
    not_allowed: "heard without a right",
    not_measurable: "kept from being measured",
    disguise: "false source",
    too_many_tracks: "too many tracks",
  },
  tr: {
    too_loud: "çok yüksek ses",
    scream: "bağırma",
    clipping: "kırpılma",
    howl: "çınlama",
    noise: "gürültü",
    hum: "şebeke uğultusu",
    dead_air: "sessiz yayın",
    not_allowed: "izinsiz ses",
    not_measurable: "denetlenemeyen ses",
    disguise: "sahte kaynak",
    too_many_tracks: "çok fazla yayın",
  },
};

/** What holds where no policy is known. */
export const POLICY_DEFAULTS = { "mode": "observe", "too_loud": { "threshold_lufs": -9.0 } } as const;
