/** Owns: the switch beneath a picture that is blurred until it is wanted. */
import { useWords } from "../texts/useWords.ts";

export function BlurSwitch({ shown, onShown }: { shown: boolean; onShown: (shown: boolean) => void }) {
  const { t } = useWords();
  return (
    <button
      type="button"
      className="lc-button lc-quiet"
      aria-pressed={shown}
      onClick={() => onShown(!shown)}
    >
      {shown ? t.listen.blur : t.listen.show}
    </button>
  );
}
