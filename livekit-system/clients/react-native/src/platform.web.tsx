// What differs between a phone and a browser; here the browser, which has WebRTC and audio of its own.

import type { TrackReference } from "@livekit/components-react";
import { type CSSProperties, useEffect, useRef } from "react";

export type AudioUse = "media" | "communication";

export function prepare(): void {}

export async function startAudio(_use: AudioUse): Promise<void> {}

export async function stopAudio(): Promise<void> {}

/** The phone's `VideoTrack` as far as a browser has it. */
export function VideoView({ trackRef, style, objectFit = "cover", mirror = false }: {
  trackRef: TrackReference | undefined;
  style?: CSSProperties;
  objectFit?: "cover" | "contain";
  mirror?: boolean;
}) {
  const element = useRef<HTMLVideoElement>(null);
  const track = trackRef?.publication.videoTrack;
  useEffect(() => {
    const video = element.current;
    if (video === null || track === undefined) return;
    track.attach(video);
    return () => void track.detach(video);
  }, [track]);
  const mirrored = mirror ? { transform: "scaleX(-1)" } : {};
  return <video ref={element} autoPlay playsInline muted style={{ objectFit, ...mirrored, ...style }} />;
}
