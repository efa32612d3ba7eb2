// Somebody watches a recording: its playlist, and segment by segment whether they still may.
import { playback } from "../_shared/playback.ts";
import { production } from "../_shared/services.ts";

export const withServices = playback;

export const handler = withServices(production);
