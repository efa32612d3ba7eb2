// Small components without a look of their own: each takes `style`, and draws what the hooks return.

import { refusalText, type ChatLine, type LiveError } from "@ipelya/live";
import type { TrackReference } from "@livekit/components-react";
import { type Participant, type Room, RoomEvent, Track } from "livekit-client";
import { useEffect, useState } from "react";
import { FlatList, type StyleProp, Text, type TextStyle, View, type ViewStyle } from "react-native";
import { VideoView } from "./platform";
import { useLive } from "./provider";

const TRACKS = [
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.Connected,
];

/** Everybody's pictures, one's own among them. */
export function useVideos(room: Room | null): readonly TrackReference[] {
  const [videos, setVideos] = useState<readonly TrackReference[]>([]);
  useEffect(() => {
    if (room === null) return setVideos([]);
    const look = () => setVideos(videosOf(room));
    for (const event of TRACKS) room.on(event, look);
    look();
    return () => {
      for (const event of TRACKS) room.off(event, look);
    };
  }, [room]);
  return videos;
}

function videosOf(room: Room): TrackReference[] {
  const people: Participant[] = [room.localParticipant, ...room.remoteParticipants.values()];
  return people.flatMap((participant) =>
    [Track.Source.Camera, Track.Source.ScreenShare].flatMap((source) => {
      const publication = participant.getTrackPublication(source);
      return publication?.track !== undefined && !publication.isMuted ? [{ participant, publication, source }] : [];
    })
  );
}

/** On a browser sound needs an element; on a phone it plays by itself, and this draws nothing. */
export function Sounds({ room }: { readonly room: Room | null }) {
  useEffect(() => {
    if (room === null || typeof document === "undefined") return;
    const play = (track: { kind: Track.Kind; attach(): HTMLMediaElement }) => {
      if (track.kind === Track.Kind.Audio) document.body.append(track.attach());
    };
    const stop = (track: { detach(): HTMLMediaElement[] }) => {
      for (const element of track.detach()) element.remove();
    };
    room.on(RoomEvent.TrackSubscribed, play).on(RoomEvent.TrackUnsubscribed, stop);
    return () => void room.off(RoomEvent.TrackSubscribed, play).off(RoomEvent.TrackUnsubscribed, stop);
  }, [room]);
  return null;
}

export interface StageProps {
  readonly room: Room | null;
  readonly style?: StyleProp<ViewStyle>;
  readonly tileStyle?: ViewStyle;
  /** The picture goes on in a small window when the app is left (iOS). */
  readonly pictureInPicture?: boolean;
}

/** The pictures of a session or a call. */
export function Stage({ room, style, tileStyle, pictureInPicture = false }: StageProps) {
  const videos = useVideos(room);
  const iosPIP = { enabled: true, startAutomatically: true, preferredSize: { width: 9, height: 16 } };
  return (
    <View style={style} testID="stage">
      {videos.map((one, place) => (
        <VideoView
          key={one.publication.trackSid}
          trackRef={one}
          mirror={one.participant.isLocal && one.source === Track.Source.Camera}
          {...(tileStyle === undefined ? {} : { style: tileStyle })}
          {...(pictureInPicture && place === 0 ? { iosPIP } : {})}
        />
      ))}
      <Sounds room={room} />
    </View>
  );
}

export function ChatList({ lines, style, lineStyle }: {
  readonly lines: readonly ChatLine[];
  readonly style?: StyleProp<ViewStyle>;
  readonly lineStyle?: StyleProp<TextStyle>;
}) {
  return (
    <FlatList
      style={style}
      testID="chat"
      data={lines}
      keyExtractor={({ id }) => id}
      renderItem={({ item }) => (
        <Text style={lineStyle}>{item.sender_name === null ? item.body : `${item.sender_name}: ${item.body ?? ""}`}</Text>
      )}
    />
  );
}

/** What was refused, in the person's language; nothing when nothing was. */
export function Refused({ error, style }: { readonly error: LiveError | null; readonly style?: StyleProp<TextStyle> }) {
  const { language } = useLive();
  if (error === null) return null;
  return <Text style={style} testID="refused" accessibilityRole="alert">{refusalText(error.code)[language]}</Text>;
}
