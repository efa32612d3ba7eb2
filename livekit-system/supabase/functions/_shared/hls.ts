// Playlists (RFC 8216): which segments of a part are shown, and the one playlist of a whole recording.

export interface Segment {
  readonly part: number;
  readonly file: string;
  readonly seconds: number;
  /** Something is missing before it: another part began, or a stretch was cut. */
  readonly afterBreak: boolean;
}

interface Part {
  readonly number: number;
  readonly began: string;
}

interface Cut {
  readonly from_at: string;
  readonly to_at: string;
}

const EXTINF = "#EXTINF:";
const DATE = "#EXT-X-PROGRAM-DATE-TIME:";

/** The segments of a part's playlist that no cut touches. Times are the playlist's own where it tells them. */
export function playable(text: string, part: Part, cuts: readonly Cut[]): Segment[] {
  const segments: Segment[] = [];
  let at = Date.parse(part.began);
  let seconds = 0;
  let afterBreak = true;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith(DATE)) at = Date.parse(line.slice(DATE.length)) || at;
    else if (line.startsWith(EXTINF)) seconds = Number.parseFloat(line.slice(EXTINF.length)) || 0;
    else if (line !== "" && !line.startsWith("#")) {
      const until = at + seconds * 1000;
      if (cuts.some((cut) => Date.parse(cut.from_at) < until && Date.parse(cut.to_at) > at)) {
        afterBreak = true;
      } else {
        segments.push({ part: part.number, file: line, seconds, afterBreak });
        afterBreak = false;
      }
      at = until;
    }
  }
  return segments;
}

/** One playlist of them all; each segment's address is relative to the playlist's own and holds the key. */
export function playlistOf(segments: readonly Segment[], key: string): string {
  const longest = Math.ceil(Math.max(1, ...segments.map(({ seconds }) => seconds)));
  const lines = segments.flatMap(({ part, file, seconds, afterBreak }, place) => [
    ...(afterBreak && place > 0 ? ["#EXT-X-DISCONTINUITY"] : []),
    `${EXTINF}${seconds.toFixed(3)},`,
    `recording-playback?play=${encodeURIComponent(key)}&part=${part}&file=${encodeURIComponent(file)}`,
  ]);
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:4",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    `#EXT-X-TARGETDURATION:${longest}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    ...lines,
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}
