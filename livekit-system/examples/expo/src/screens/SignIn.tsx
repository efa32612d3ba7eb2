import { useState } from "react";
import { Text } from "react-native";
import { supabase } from "../client";
import { Button, Field, Page, styles } from "../parts";
import { type Language, WORDS } from "../texts";

export function SignIn({ language }: { language: Language }) {
  const words = WORDS[language];
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const enter = async (how: "signInWithPassword" | "signUp") => {
    const { error } = await supabase.auth[how]({ email, password });
    setFault(error?.message ?? null);
  };
  return (
    <Page title={words.appName}>
      <Field label={words.email} value={email} onChange={setEmail} testID="email" />
      <Field label={words.password} value={password} onChange={setPassword} secret testID="password" />
      <Button label={words.signIn} onPress={() => void enter("signInWithPassword")} testID="sign-in" />
      <Button label={words.signUp} onPress={() => void enter("signUp")} testID="sign-up" />
      {fault !== null && <Text style={styles.text} accessibilityRole="alert">{fault}</Text>}
    </Page>
  );
}
