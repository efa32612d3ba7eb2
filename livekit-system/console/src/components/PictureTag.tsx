/** Owns: what is said beside a picture that is not as it should be. */
import type { PictureState } from "../model/watching.ts";
import { useWords } from "../texts/useWords.ts";

export function PictureTag({ state }: { state: PictureState }) {
  const { t } = useWords();
  if (state.kind === "shown") return null;
  return (
    <span className="lc-tag lc-tag-warn">
      {state.kind === "black" ? t.picture.black : t.picture.frozen(String(state.seconds))}
    </span>
  );
}
