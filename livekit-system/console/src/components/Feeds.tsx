/** Owns: the feeds beside a room: incidents with their numbers and sentence, gifts and events. */
import { figuresOf, isRehearsal, sentenceOf, stepOf } from "../model/feed.ts";
import type { Incident, LiveEvent, Role } from "../model/rows.ts";
import { type Rule, RULE_NAMES } from "../model/rules.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";

const TONE = { info: "", warning: "lc-tag-warn", critical: "lc-tag-bad" };

export function IncidentList(
  { incidents, nameOf }: { incidents: Incident[]; nameOf: ((userId: string) => string) | null },
) {
  const { t, f, lang } = useWords();
  return (
    <ScrollList className="lc-feed">
      {incidents.map((incident) => (
        <li key={incident.id} data-rule={incident.rule}>
          <time dateTime={incident.started_at}>{f.stamp(incident.started_at)}</time>
          <div>
            <span className={`lc-tag ${TONE[incident.severity]}`}>
              {RULE_NAMES[lang][incident.rule as Rule] ?? incident.rule}
            </span>{" "}
            {nameOf && <span className="lc-what">{nameOf(incident.user_id)}</span>}
            <Decided incident={incident} />
            <Quoted sentence={sentenceOf(incident, lang)} />
            <span className="lc-sub">
              {[
                ...figuresOf(incident).map(([name, value]) =>
                  `${t.feed.figure[name] ?? name} ${f.level(value)}`
                ),
                t.feed.strikes(f.level(incident.strikes)),
              ].join(" · ")}
            </span>
          </div>
        </li>
      ))}
    </ScrollList>
  );
}

/** What was decided, in the moderator's words: done, or only what would have been. */
function Decided({ incident }: { incident: Incident }) {
  const { t, f } = useWords();
  const decided = stepOf(incident);
  if (decided === null) return isRehearsal(incident) && <span className="lc-sub">{t.feed.observed}</span>;
  const words = t.feed.step[decided.step];
  if (words === undefined) return null;
  const length = decided.seconds === null ? null : f.length(decided.seconds);
  const said = isRehearsal(incident) ? t.feed.wouldHave(words.would(length)) : words.did(length);
  return (
    <span className="lc-sentence" data-decided={isRehearsal(incident) ? "observed" : "done"}>{said}</span>
  );
}

/** The sentence is the offender's: it is quoted, and not said to who reads it here. */
function Quoted({ sentence }: { sentence: string | null }) {
  const { t } = useWords();
  if (sentence === null) return null;
  return (
    <span className="lc-sub">
      {t.feed.quoted} <q>{sentence}</q>
    </span>
  );
}

export function EventList({ events, nameOf }: { events: LiveEvent[]; nameOf: (userId: string) => string }) {
  const { t, f } = useWords();

  function tell({ type, payload }: LiveEvent): string {
    const text = (key: string) => String(payload[key] ?? "");
    const who = payload["user_id"] ? nameOf(text("user_id")) : t.action.everyone;
    switch (type) {
      case "gift":
        return t.feed.gift(
          nameOf(text("sender_id")),
          Number(payload["quantity"]),
          text("gift_code"),
          f.whole(Number(payload["coins"])),
        );
      case "role_changed":
        return t.feed.roleChanged(who, t.role[text("role") as Role] ?? text("role"));
      case "muted":
        return t.feed.muted(who);
      case "unmuted":
        return t.feed.unmuted(who);
      case "removed":
        return t.feed.removed(who);
      case "hand_raised":
        return t.feed.handRaised(who);
      case "hand_lowered":
        return t.feed.handLowered(who);
      case "viewer_milestone":
        return t.feed.milestone(Number(payload["viewers"]));
      case "session_ending":
        return t.feed.ending(f.time(text("ends_at")));
      case "session_resumed":
        return t.feed.resumed;
      case "recording_starting":
        return t.recording.event.starting;
      case "recording_started":
        return t.recording.event.started;
      case "recording_stopped":
        return t.recording.event.stopped;
      case "session_ended":
        return t.feed.ended;
      case "system":
        return `“${text("text")}”`;
      default:
        return type;
    }
  }

  return (
    <ScrollList className="lc-feed">
      {events.map((event) => (
        <li key={event.id} data-event={event.type}>
          <time dateTime={event.created_at}>{f.stamp(event.created_at)}</time>
          <div className={event.type === "gift" ? "lc-gift" : undefined}>{tell(event)}</div>
        </li>
      ))}
    </ScrollList>
  );
}
