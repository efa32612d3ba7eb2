// Which screen is shown. A real app has a router; this one keeps a place in its state, which deep links set as well.

import type { Join, SessionType, Started } from "@ipelya/live";
import { LiveProvider, placeOfLink, useCalls, usePhone } from "@ipelya/live-react-native";
import { useEffect, useState } from "react";
import { Linking, StatusBar, View } from "react-native";
import { background } from "./background";
import { supabase } from "./client";
import { styles } from "./parts";
import { phone } from "./phone";
import { Account } from "./screens/Account";
import { AudioRoom } from "./screens/AudioRoom";
import { Call } from "./screens/Call";
import { Feed } from "./screens/Feed";
import { GoLive } from "./screens/GoLive";
import { Ringing } from "./screens/Ringing";
import { SignIn } from "./screens/SignIn";
import { Watch } from "./screens/Watch";
import { deviceLanguage } from "./texts";
import { verify } from "./verify";

export type Place =
  | { readonly at: "feed" | "account" | "go-live" }
  | { readonly at: "session"; readonly id: string; readonly type: SessionType; readonly join?: Join | null }
  | { readonly at: "call"; readonly id: string; readonly started?: Started };

export type Go = (place: Place) => void;

export function App() {
  const [userId, setUserId] = useState<string | null>(null);
  useEffect(() => {
    void supabase.auth.getSession().then(({ data }) => setUserId(data.session?.user.id ?? null));
    const { data } = supabase.auth.onAuthStateChange((_event, session) => setUserId(session?.user.id ?? null));
    return () => data.subscription.unsubscribe();
  }, []);
  const language = deviceLanguage();
  return (
    <View style={[styles.page, { padding: 0 }]}>
      <StatusBar barStyle="light-content" />
      {userId === null
        ? <SignIn language={language} />
        : (
          <LiveProvider
            supabase={supabase}
            userId={userId}
            language={language}
            background={background}
            phone={phone}
            verify={verify}
          >
            <Places />
          </LiveProvider>
        )}
    </View>
  );
}

function Places() {
  const [place, go] = useState<Place>({ at: "feed" });
  const calls = useCalls();
  const answered = (started: Started) => go({ at: "call", id: started.call.id, started });
  usePhone(calls, answered);
  useEffect(() => {
    const open = (url: string | null | undefined) => {
      const to = placeOfLink(url ?? "");
      if (to?.kind === "session") void openSession(to.id, go);
      else if (to?.kind === "call") go({ at: "call", id: to.id });
    };
    void Linking.getInitialURL().then(open);
    const listening = Linking.addEventListener("url", ({ url }) => open(url));
    return () => listening.remove();
  }, []);
  const back = () => go({ at: "feed" });
  return (
    <>
      <Ringing calls={calls} onAnswered={answered} />
      {place.at === "feed" && <Feed go={go} calls={calls} />}
      {place.at === "account" && <Account back={back} />}
      {place.at === "go-live" && <GoLive go={go} />}
      {place.at === "session" && (place.type === "audio_room"
        ? <AudioRoom key={place.id} id={place.id} join={place.join} back={back} />
        : <Watch key={place.id} id={place.id} join={place.join} back={back} />)}
      {place.at === "call" && <Call key={place.id} id={place.id} started={place.started} back={back} />}
    </>
  );
}

/** A link names a session and not what it is. */
async function openSession(id: string, go: Go) {
  const { data } = await supabase.from("live_sessions").select("type").eq("id", id).maybeSingle();
  if (data !== null) go({ at: "session", id, type: data.type as SessionType });
}
