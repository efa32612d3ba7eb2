// A host, a co-host where that is set, or ops have a session recorded.
import { endpoint } from "../_shared/endpoint.ts";
import { startRecording } from "../_shared/recordings.ts";
import { RecordingStart } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";

export const withServices = endpoint(RecordingStart, startRecording);

export const handler = withServices(production);
