// What every screen is made of.

import type { ConnectionState } from "@ipelya/live";
import { useLive } from "@ipelya/live-react-native";
import type { ReactNode } from "react";
import { Pressable, ScrollView, StyleSheet, Text, TextInput } from "react-native";
import { WORDS, type Words } from "./texts";

export const styles = StyleSheet.create({
  page: { flex: 1, backgroundColor: "#10131a", padding: 16 },
  content: { gap: 12, paddingBottom: 32 },
  title: { color: "#fff", fontSize: 24, fontWeight: "600" },
  text: { color: "#dfe4ee", fontSize: 16 },
  button: { backgroundColor: "#5b5bf0", borderRadius: 10, padding: 12, alignItems: "center" },
  off: { opacity: 0.4 },
  input: { backgroundColor: "#1c2230", borderRadius: 10, color: "#fff", padding: 12 },
  stage: { height: 240, backgroundColor: "#000" },
  chat: { maxHeight: 220 },
});
export const tile = { flex: 1, width: "100%", height: "100%" } as const;

export function useWords(): Words {
  return WORDS[useLive().language];
}

export function Page({ title, children }: { title: string; children: ReactNode }) {
  return (
    <ScrollView style={styles.page} contentContainerStyle={styles.content}>
      <Text style={styles.title} accessibilityRole="header">{title}</Text>
      {children}
    </ScrollView>
  );
}

export function Button({ label, onPress, disabled = false, testID }: {
  label: string;
  onPress: () => void;
  disabled?: boolean;
  testID?: string;
}) {
  return (
    <Pressable
      accessibilityRole="button"
      accessibilityState={{ disabled }}
      disabled={disabled}
      onPress={onPress}
      style={[styles.button, disabled && styles.off]}
      testID={testID}
    >
      <Text style={styles.text}>{label}</Text>
    </Pressable>
  );
}

export function Field({ label, value, onChange, secret = false, testID }: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  secret?: boolean;
  testID?: string;
}) {
  return (
    <TextInput
      accessibilityLabel={label}
      autoCapitalize="none"
      onChangeText={onChange}
      placeholder={label}
      placeholderTextColor="#8892a6"
      secureTextEntry={secret}
      style={styles.input}
      testID={testID}
      value={value}
    />
  );
}

/** Where the connection stands, in words; nothing while all is well. */
export function Standing({ connection }: { connection: ConnectionState }) {
  const words = useWords();
  const { phase, gone } = connection;
  if (phase === "connected") return null;
  const said = gone !== null
    ? words[gone]
    : phase === "connecting" ? words.connecting : words.reconnecting;
  return <Text style={styles.text} testID="standing">{said}</Text>;
}
