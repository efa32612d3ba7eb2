// The host's sheet: the acts that are worth offering against each person of the stage and with a raised hand.

import type { ActionName, ActionParams, SessionPerson } from "@ipelya/live";
import { Refused, type SessionHandle, useLive, useModeration } from "@ipelya/live-react-native";
import { useState } from "react";
import { Text, View } from "react-native";
import { Button, Field, styles, useWords } from "../parts";

const NAMES: Readonly<Record<"en" | "tr", Partial<Record<ActionName, string>>>> = {
  en: { mute: "Mute", unmute: "Unmute", set_role: "To the stage", kick: "Remove", ban: "Ban", chat_mute: "Mute in chat" },
  tr: { mute: "Sustur", unmute: "Sesini aç", set_role: "Sahneye al", kick: "Çıkar", ban: "Yasakla", chat_mute: "Sohbette sustur" },
};

export function Moderate({ session }: { session: SessionHandle }) {
  const words = useWords();
  const { language, userId } = useLive();
  const moderation = useModeration(session);
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [done, setDone] = useState("");
  const act = async (action: ActionName, person: SessionPerson) => {
    const params: ActionParams[ActionName] = action === "set_role"
      ? { role: person.role === "speaker" ? "listener" : "speaker" }
      : {};
    const outcome = await moderation.act({ action, target: person.user_id, params, reason: reason || undefined });
    setDone(outcome === null ? "" : `${NAMES[language][action] ?? action}: ${outcome.status}`);
  };
  if (!open) return <Button label={words.moderate} onPress={() => setOpen(true)} testID="moderate" />;
  const others = session.people.filter(({ user_id }) => user_id !== userId);
  return (
    <View style={styles.content} testID="sheet">
      <Field label={words.reason} value={reason} onChange={setReason} testID="reason" />
      {others.map((person) => (
        <View key={person.user_id} style={styles.content}>
          <Text style={styles.text}>{person.name ?? person.user_id}</Text>
          {moderation.onPerson(person.role).map((action) =>
            NAMES[language][action] === undefined ? null : (
              <Button
                key={action}
                label={NAMES[language][action] ?? action}
                onPress={() => void act(action, person)}
                testID={`${action}-${person.user_id}`}
              />
            )
          )}
        </View>
      ))}
      <Text style={styles.text} testID="outcome">{done}</Text>
      <Refused error={moderation.error} style={styles.text} />
    </View>
  );
}
