import { deleteMyAccount } from "@ipelya/live";
import { Refused, useLive, useRun } from "@ipelya/live-react-native";
import { useState } from "react";
import { Text } from "react-native";
import { supabase as client } from "../client";
import { Button, Page, styles, useWords } from "../parts";

export function Account({ back }: { back: () => void }) {
  const words = useWords();
  const { supabase } = useLive();
  const [sure, setSure] = useState(false);
  const [error, run] = useRun();
  // The tokens are forgotten here: the account's own are refused by now.
  const remove = () => run(deleteMyAccount(supabase).then(() => client.auth.signOut({ scope: "local" })));
  return (
    <Page title={words.account}>
      <Button label={words.signOut} onPress={() => void run(client.auth.signOut({ scope: "local" }))} testID="sign-out" />
      {sure && <Text style={styles.text} testID="delete-sure">{words.deleteSure}</Text>}
      <Button label={words.deleteAccount} onPress={() => (sure ? void remove() : setSure(true))} testID="delete-account" />
      <Refused error={error} style={styles.text} />
      <Button label={words.back} onPress={back} testID="back" />
    </Page>
  );
}
