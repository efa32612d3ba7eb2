import type { Started } from "@ipelya/live";
import { Refused, Stage, useCall, useLive, useRun } from "@ipelya/live-react-native";
import { useEffect, useRef } from "react";
import { Text } from "react-native";
import { Button, Page, Standing, styles, tile, useWords } from "../parts";

export function Call({ id, started, back }: { id: string; started?: Started; back: () => void }) {
  const words = useWords();
  const { userId } = useLive();
  const call = useCall(id, started);
  const [error, run] = useRun();
  const { connection, may, onAir, setCamera, setMicrophone } = call;
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || connection.phase !== "connected" || !may.microphone) return;
    begun.current = true;
    void run(setMicrophone(true));
  }, [connection.phase, may.microphone, run, setMicrophone]);
  const wanted = call.call?.video_wanted_by ?? null;
  const seconds = call.call?.duration_seconds;
  return (
    <Page title={words.call}>
      <Standing connection={connection} />
      {connection.gone === null && !call.together && <Text style={styles.text}>{words.calling}</Text>}
      {call.together && <Text style={styles.text} testID="together">●</Text>}
      <Stage room={call.room} style={styles.stage} tileStyle={tile} />
      {connection.gone === null && (
        <>
          <Button
            label={`${words.microphone} ${onAir.microphone ? "●" : "○"}`}
            disabled={!may.microphone}
            onPress={() => void run(setMicrophone(!onAir.microphone))}
            testID="microphone"
          />
          {call.call?.type === "video"
            ? (
              <Button
                label={`${words.camera} ${onAir.camera ? "●" : "○"}`}
                disabled={!may.camera}
                onPress={() => void run(setCamera(!onAir.camera))}
                testID="camera"
              />
            )
            : (
              <Button
                label={wanted !== null && wanted !== userId ? `${words.accept}: ${words.video}` : words.video}
                disabled={wanted === userId || !call.together}
                onPress={() => void run(call.upgrade())}
                testID="upgrade"
              />
            )}
          <Button label={words.hangUp} onPress={() => void run(call.hangUp())} testID="hang-up" />
        </>
      )}
      {seconds != null && <Text style={styles.text} testID="duration">{`${seconds} s`}</Text>}
      <Refused error={error} style={styles.text} />
      <Button label={words.back} onPress={back} testID="back" />
    </Page>
  );
}
