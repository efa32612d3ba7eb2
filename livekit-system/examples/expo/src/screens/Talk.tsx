// The chat and the gifts of a session, below whatever else its screen shows.

import { ChatList, Refused, type SessionHandle, useChat, useGifts, useLive } from "@ipelya/live-react-native";
import { useState } from "react";
import { Text, View } from "react-native";
import { Button, Field, styles, useWords } from "../parts";

export function Talk({ session }: { session: SessionHandle }) {
  const words = useWords();
  const { language, userId } = useLive();
  const chat = useChat(session.id);
  const gifts = useGifts(session);
  const [draft, setDraft] = useState("");
  const say = async () => {
    if (await chat.say(draft)) setDraft("");
  };
  const name = (code: string) => {
    const gift = gifts.catalog.find((one) => one.code === code);
    return gift?.[language === "tr" ? "name_tr" : "name_en"] ?? code;
  };
  const mine = session.session?.creator_id === userId;
  return (
    <View style={styles.content}>
      <ChatList lines={chat.lines} style={styles.chat} lineStyle={styles.text} />
      <Field label={words.say} value={draft} onChange={setDraft} testID="draft" />
      <Button label={words.send} disabled={draft === ""} onPress={() => void say()} testID="say" />
      <Refused error={chat.error ?? gifts.error} style={styles.text} />
      {gifts.shown.map((gift) => (
        <Text key={gift.seq} style={styles.text} testID="gift">
          {`${gift.sender_name ?? ""} · ${name(gift.gift_code)} × ${gift.quantity}`}
        </Text>
      ))}
      {!mine && (
        <>
          <Text style={styles.text} testID="balance">{`${words.balance}: ${gifts.balance ?? "…"}`}</Text>
          {gifts.catalog.map((gift) => (
            <Button
              key={gift.code}
              label={`${name(gift.code)} · ${gift.coins}`}
              onPress={() => void gifts.send(gift)}
              testID={`gift-${gift.code}`}
            />
          ))}
        </>
      )}
    </View>
  );
}
