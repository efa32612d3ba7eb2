// What one may publish now. The buttons follow LiveKit's permission and nothing else: a role is not yet a right.

export type PublishSource = "camera" | "microphone" | "screen_share";

/** `canPublishSources` lists LiveKit's wire numbers; an empty list means all. */
const WIRE: Readonly<Record<PublishSource, number>> = { camera: 1, microphone: 2, screen_share: 3 };

/** What is needed of livekit-client's `Room` to know it. */
export interface RightsRoom {
  readonly localParticipant: {
    readonly permissions?:
      | { readonly canPublish: boolean; readonly canPublishSources: readonly number[] }
      | undefined;
    getTrackPublication(source: never): { readonly isMuted: boolean } | undefined;
  };
}

export type Rights = Readonly<Record<PublishSource, boolean>>;

export const NO_RIGHTS: Rights = { camera: false, microphone: false, screen_share: false };

export function mayPublish(room: RightsRoom, source: PublishSource): boolean {
  const permissions = room.localParticipant.permissions;
  if (permissions?.canPublish !== true) return false;
  const sources = permissions.canPublishSources;
  return sources.length === 0 || sources.includes(WIRE[source]);
}

export function rightsOf(room: RightsRoom): Rights {
  return {
    camera: mayPublish(room, "camera"),
    microphone: mayPublish(room, "microphone"),
    screen_share: mayPublish(room, "screen_share"),
  };
}

/** What goes out now: published, and not muted. */
export function onAir(room: RightsRoom): Rights {
  const sends = (source: PublishSource) =>
    room.localParticipant.getTrackPublication(source as never)?.isMuted === false;
  return { camera: sends("camera"), microphone: sends("microphone"), screen_share: sends("screen_share") };
}
