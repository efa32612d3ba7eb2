/** Owns: the few signs of the console, drawn in one line width, each with words. */
import type { ReactNode } from "react";
import type { CameraState, MicState } from "../model/people.ts";

function Sign({ label, tone, children }: { label: string; tone: string; children: ReactNode }) {
  return (
    <svg className={`lc-icon ${tone}`} viewBox="0 0 16 16" role="img" aria-label={label}>
      <title>{label}</title>
      {children}
    </svg>
  );
}

const SLASH = <path d="M2.5 2.5l11 11" />;

export function MicIcon({ state, label }: { state: MicState; label: string }) {
  const tone = state === "muted" ? "lc-bad" : state === "none" ? "lc-faint" : "";
  return (
    <Sign label={label} tone={tone}>
      <rect x="6" y="1.5" width="4" height="8" rx="2" />
      <path d="M3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.5" />
      {state !== "allowed" && SLASH}
    </Sign>
  );
}

export function CameraIcon({ state, label }: { state: CameraState; label: string }) {
  const tone = state === "off" ? "lc-bad" : state === "none" ? "lc-faint" : "";
  return (
    <Sign label={label} tone={tone}>
      <rect x="1.5" y="4" width="9" height="8" rx="1.5" />
      <path d="M10.5 7l4-2.2v6.4l-4-2.2" />
      {state !== "allowed" && SLASH}
    </Sign>
  );
}

export function ChatIcon({ label }: { label: string }) {
  return (
    <Sign label={label} tone="lc-bad">
      <path d="M2 3h12v8H7l-3 2.5V11H2z" />
      {SLASH}
    </Sign>
  );
}

export function HandIcon({ label }: { label: string }) {
  return (
    <Sign label={label} tone="lc-warn">
      <path d="M4 9V4.5a1 1 0 0 1 2 0V8 3a1 1 0 0 1 2 0v5-4a1 1 0 0 1 2 0v5l1.2-1.6a1 1 0 0 1 1.6 1.2L10.5 13c-.6 1-1.500 1.500-3 1.500C5.200 14.500 4 13 4 11z" />
    </Sign>
  );
}
