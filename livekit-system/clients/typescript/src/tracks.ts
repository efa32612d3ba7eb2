// Which tracks of a room are taken: those that are what they call themselves. LiveKit compares a track's source by its name alone,
// so a picture may come as a microphone and a sound as a camera. Nothing is sent of a track that nobody subscribed to: an app that
// takes none of these shows and plays none of it, not even until the agent has ended it.

/** For `room.connect`: nothing is subscribed to that was not looked at. */
export const CONNECT_OPTIONS = { autoSubscribe: false } as const;

/** What is needed of livekit-client's `RemoteTrackPublication`. */
export interface TakenTrack {
  /** `audio` or `video`, as its publisher says. */
  readonly kind: string;
  readonly source: string;
  /** What its media is, as LiveKit found it. */
  readonly mimeType?: string | undefined;
  setSubscribed(subscribed: boolean): void;
}

/** What is needed of livekit-client's `Room`. */
export interface TracksRoom {
  readonly remoteParticipants: ReadonlyMap<
    string,
    { readonly trackPublications: ReadonlyMap<string, TakenTrack> }
  >;
  on(event: "trackPublished", listener: (track: TakenTrack) => void): unknown;
  on(event: "connected" | "reconnected", listener: () => void): unknown;
  off(event: "trackPublished", listener: (track: TakenTrack) => void): unknown;
  off(event: "connected" | "reconnected", listener: () => void): unknown;
}

const KINDS: Readonly<Record<string, string>> = {
  microphone: "audio",
  screen_share_audio: "audio",
  camera: "video",
  screen_share: "video",
};

/** Whether a track is what its source says. */
export function isHonest(
  { kind, source, mimeType }: Pick<TakenTrack, "kind" | "source" | "mimeType">,
): boolean {
  return KINDS[source] === kind && (!mimeType || mimeType.toLowerCase().startsWith(`${kind}/`));
}

/** Subscribes to every honest track, now and from now on; `openSession` and `openCall` do it by themselves. For a room that is
 * connected with `CONNECT_OPTIONS`. Returns how to stop. */
export function takeHonestTracks(room: TracksRoom): () => void {
  const take = (track: TakenTrack) => {
    if (isHonest(track)) track.setSubscribed(true);
  };
  const takeAll = () => {
    for (const { trackPublications } of room.remoteParticipants.values()) {
      for (const track of trackPublications.values()) take(track);
    }
  };
  takeAll();
  room.on("trackPublished", take);
  room.on("connected", takeAll);
  room.on("reconnected", takeAll);
  return () => {
    room.off("trackPublished", take);
    room.off("connected", takeAll);
    room.off("reconnected", takeAll);
  };
}
