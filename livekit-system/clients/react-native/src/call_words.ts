// What the phone's own screen says of calls, until somebody in the app listens: an answer on the lock screen may be what starts the app.

export interface CallHandlers {
  readonly onAnswer: (callId: string) => void;
  /** Declined while it rang, or hung up. */
  readonly onEnd: (callId: string) => void;
}

type Word = keyof CallHandlers;

export interface CallWords extends CallHandlers {
  /** Hears what was said before as well: of each call the last word. Returns how to stop; the newest listener alone is told. */
  readonly hear: (handlers: CallHandlers) => () => void;
}

export function callWords(): CallWords {
  const waiting = new Map<string, Word>();
  let listening: CallHandlers | null = null;
  const say = (callId: string, word: Word) => {
    if (listening === null) waiting.set(callId, word);
    else listening[word](callId);
  };
  return {
    onAnswer: (callId) => say(callId, "onAnswer"),
    onEnd: (callId) => say(callId, "onEnd"),
    hear(handlers) {
      listening = handlers;
      const said = [...waiting];
      waiting.clear();
      for (const [callId, word] of said) handlers[word](callId);
      return () => {
        if (listening === handlers) listening = null;
      };
    },
  };
}
