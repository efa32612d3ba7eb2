/** Owns: that a room's picture is black or frozen, on its page, where the speech process looks at cameras. */
import { PictureTag } from "../components/PictureTag.tsx";
import { Name } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { useWallPictures } from "../data/useWallPictures.ts";
import { stateSince } from "../model/watching.ts";

export function CameraNote({ sessionId, now }: { sessionId: string; now: number }) {
  const looked = useWallPictures([sessionId]);
  const picture = looked.data?.pictures[0];
  if (picture === undefined || picture.state === "shown") return null;
  return (
    <p className="lc-note lc-note-warn" role="status" data-camera={picture.state}>
      <Name>{nameFor(picture.user_id)}</Name>{" "}
      <PictureTag state={stateSince(picture.state, picture.since, now)} />
    </p>
  );
}
