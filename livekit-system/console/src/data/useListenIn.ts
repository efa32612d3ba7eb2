/** Owns: listening in to one session: the record, the hidden connection, what is heard and seen, and its end. */
import type { RemoteTrack, RemoteVideoTrack, Room } from "livekit-client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useSupabase } from "./client.ts";
import { type Failure, failureFrom, invoke } from "./failure.ts";

export type Listening =
  | { kind: "off"; failure: Failure | null }
  | { kind: "joining" }
  | { kind: "on"; endsAt: string; sounds: number; pictures: Picture[]; lines: Line[] }
  | { kind: "over" };

export interface Picture {
  sid: string;
  who: string;
  track: RemoteVideoTrack;
}

export type Quality = "excellent" | "good" | "poor" | "lost";

/** How well somebody who publishes is connected, by LiveKit's own word. */
export interface Line {
  who: string;
  quality: Quality;
}

export interface ListenIn {
  state: Listening;
  /** Off until it is wanted: nobody's loudspeaker begins to shout by itself. */
  sound: boolean;
  setSound: (on: boolean) => void;
  begin: (reason: string) => void;
  end: () => void;
}

/** Of LiveKit's words; what else it may say is not known. */
const QUALITIES: Quality[] = ["excellent", "good", "poor", "lost"];

interface Permit {
  join: { url: string; token: string };
  ends_at: string;
}

export function useListenIn(sessionId: string): ListenIn {
  const client = useSupabase();
  const [state, setState] = useState<Listening>({ kind: "off", failure: null });
  const [sound, setSoundOn] = useState(false);
  const room = useRef<Room | null>(null);
  const heard = useRef<HTMLMediaElement[]>([]);

  const leave = useCallback(() => {
    const left = room.current;
    room.current = null;
    heard.current.forEach((element) => element.remove());
    heard.current = [];
    setSoundOn(false);
    if (left === null) return;
    void left.disconnect();
    void client.rpc("stop_listening").then(() => undefined, () => undefined);
  }, [client]);

  const end = useCallback(() => {
    leave();
    setState({ kind: "off", failure: null });
  }, [leave]);

  useEffect(() => leave, [leave, sessionId]);

  function setSound(on: boolean) {
    heard.current.forEach((element) => (element.muted = !on));
    setSoundOn(on);
  }

  async function begin(reason: string) {
    setState({ kind: "joining" });
    try {
      const permit = await invoke<Permit>(client, "ops-listen", { session_id: sessionId, reason });
      const { Room, RoomEvent, Track } = await import("livekit-client");
      const joined = new Room({ adaptiveStream: true });
      room.current = joined;
      const show = () => {
        const people = [...joined.remoteParticipants.values()];
        const tracks = people.flatMap((person) =>
          [...person.trackPublications.values()].flatMap((publication) =>
            publication.track ? [{ who: person.identity, track: publication.track as RemoteTrack }] : []
          )
        );
        const pictures = tracks.flatMap(({ who, track }) =>
          track.kind === Track.Kind.Video
            ? [{ who, sid: track.sid ?? "", track: track as RemoteVideoTrack }]
            : []
        );
        const lines = people.flatMap((person) => {
          const quality = QUALITIES.find((one) => one === person.connectionQuality);
          return quality && person.trackPublications.size > 0 ? [{ who: person.identity, quality }] : [];
        });
        const sounds = tracks.length - pictures.length;
        setState({ kind: "on", endsAt: permit.ends_at, sounds, pictures, lines });
      };
      joined.on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) {
          const element = track.attach();
          element.muted = true;
          element.dataset["listening"] = "";
          document.body.append(element);
          heard.current.push(element);
          setSoundOn(false);
          heard.current.forEach((other) => (other.muted = true));
        }
        show();
      });
      joined.on(RoomEvent.TrackUnsubscribed, (track) => {
        track.detach().forEach((element) => {
          element.remove();
          heard.current = heard.current.filter((other) => other !== element);
        });
        show();
      });
      joined.on(RoomEvent.ConnectionQualityChanged, show);
      joined.on(RoomEvent.Disconnected, () => {
        if (room.current !== joined) return;
        leave();
        setState({ kind: "over" });
      });
      await joined.connect(permit.join.url, permit.join.token);
      if (room.current === joined) show();
    } catch (error) {
      leave();
      setState({ kind: "off", failure: failureFrom(error) });
    }
  }
  return { state, sound, setSound, begin: (reason) => void begin(reason), end };
}
