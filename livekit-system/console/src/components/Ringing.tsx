/** Owns: that the bell is heard: said to screen readers, and sounded where this browser was told to. */
import { useContext, useEffect, useState } from "react";
import { BellContext } from "../data/bell.ts";
import { keep, kept } from "../preferences.ts";
import { useWords } from "../texts/useWords.ts";

const HERTZ = [880, 1175];
const NOTE_SECONDS = 0.18;

export function Ringing() {
  const { t } = useWords();
  const { rung, latest } = useContext(BellContext);
  useEffect(() => {
    const calls = latest !== null && (latest.state === "appeal" || latest.state === "open");
    if (calls && kept("bell", ["off", "on"], "off") === "on") void sound();
  }, [rung, latest]);
  return (
    <p className="lc-unseen" role="status" data-rung={rung}>
      {latest && t.bell.rang[latest.state]}
    </p>
  );
}

/** Whether this browser rings aloud: its user says so, since nobody wants a sound that they did not ask for. */
export function RingSwitch() {
  const { t } = useWords();
  const [on, setOn] = useState(() => kept("bell", ["off", "on"], "off") === "on");
  return (
    <label className="lc-check">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => {
          setOn(event.target.checked);
          keep("bell", event.target.checked ? "on" : "off");
          if (event.target.checked) void sound();
        }}
      />
      {t.bell.aloud}
    </label>
  );
}

async function sound() {
  const context = new AudioContext();
  const gain = new GainNode(context, { gain: 0.12 });
  gain.connect(context.destination);
  const notes = HERTZ.map((frequency, i) => {
    const note = new OscillatorNode(context, { frequency });
    note.connect(gain);
    note.start(context.currentTime + i * NOTE_SECONDS);
    note.stop(context.currentTime + (i + 1) * NOTE_SECONDS);
    return note;
  });
  await new Promise((resolve) => notes.at(-1)!.addEventListener("ended", resolve, { once: true }));
  await context.close();
}
