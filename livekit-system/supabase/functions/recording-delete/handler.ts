// A creator, or ops, have a recording deleted.
import { endpoint } from "../_shared/endpoint.ts";
import { deleteRecording } from "../_shared/recordings.ts";
import { RecordingRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";

export const withServices = endpoint(RecordingRef, deleteRecording);

export const handler = withServices(production);
