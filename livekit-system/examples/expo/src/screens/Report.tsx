import { type ReasonCode, report, type Reported, reportReasons } from "@ipelya/live";
import { Refused, useLive, useRun } from "@ipelya/live-react-native";
import { useState } from "react";
import { Text, View } from "react-native";
import { Button, styles, useWords } from "../parts";

export function Report({ about }: { about: Reported }) {
  const words = useWords();
  const { supabase, language } = useLive();
  const [reasons, setReasons] = useState<readonly ReasonCode[]>([]);
  const [sent, setSent] = useState(false);
  const [error, run] = useRun();
  const choose = ({ code }: ReasonCode) =>
    run(report(supabase, about, code).then(() => {
      setSent(true);
      setReasons([]);
    }));
  if (sent) return <Text style={styles.text} testID="reported">{words.reported}</Text>;
  return (
    <View style={styles.content}>
      {reasons.length === 0 && (
        <Button label={words.report} onPress={() => void run(reportReasons(supabase).then(setReasons))} testID="report" />
      )}
      {reasons.map((reason) => (
        <Button
          key={reason.code}
          label={language === "tr" ? reason.text_tr : reason.text_en}
          onPress={() => void choose(reason)}
          testID={`reason-${reason.code}`}
        />
      ))}
      <Refused error={error} style={styles.text} />
    </View>
  );
}
