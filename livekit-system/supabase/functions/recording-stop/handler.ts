// Those who may start a recording stop it.
import { endpoint } from "../_shared/endpoint.ts";
import { stopRecording } from "../_shared/recordings.ts";
import { RecordingRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";

export const withServices = endpoint(RecordingRef, stopRecording);

export const handler = withServices(production);
