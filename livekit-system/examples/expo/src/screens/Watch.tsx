import { endSession, type Join } from "@ipelya/live";
import { Stage, useLive, useLiveSession, useModeration, useRights, useRun } from "@ipelya/live-react-native";
import { useSmallWindow } from "@ipelya/live-react-native/dist/window";
import { useEffect, useRef } from "react";
import { Button, Page, Standing, styles, tile, useWords } from "../parts";
import { Moderate } from "./Moderate";
import { Report } from "./Report";
import { Talk } from "./Talk";

export function Watch({ id, join, back }: { id: string; join?: Join | null; back: () => void }) {
  const words = useWords();
  const { supabase, userId } = useLive();
  const session = useLiveSession(id, join);
  const { may, onAir } = useRights(session);
  const { staff } = useModeration(session);
  const [, run] = useRun();
  const mine = session.session?.creator_id === userId;
  // A host who has just gone live is on air at once; everyone else presses the button.
  const begun = useRef(false);
  const { setCamera, setMicrophone } = session;
  useEffect(() => {
    if (join == null || begun.current || !may.camera) return;
    begun.current = true;
    void run(setMicrophone(true).then(() => setCamera(true)));
  }, [join, may.camera, run, setCamera, setMicrophone]);
  const small = useSmallWindow(session.connection.gone === null);
  if (small) return <Stage room={session.room} style={styles.page} tileStyle={tile} />;
  return (
    <Page title={session.session?.title ?? ""}>
      <Standing connection={session.connection} />
      <Stage room={session.room} style={styles.stage} tileStyle={tile} pictureInPicture />
      {may.microphone && (
        <Button
          label={`${words.microphone} ${onAir.microphone ? "●" : "○"}`}
          onPress={() => void run(setMicrophone(!onAir.microphone))}
          testID="microphone"
        />
      )}
      {may.camera && (
        <Button
          label={`${words.camera} ${onAir.camera ? "●" : "○"}`}
          onPress={() => void run(setCamera(!onAir.camera))}
          testID="camera"
        />
      )}
      <Talk session={session} />
      {staff && <Moderate session={session} />}
      {mine
        ? <Button label={words.end} onPress={() => void run(endSession(supabase, id))} testID="end" />
        : <Report about={{ sessionId: id }} />}
      <Button label={words.back} onPress={back} testID="back" />
    </Page>
  );
}
