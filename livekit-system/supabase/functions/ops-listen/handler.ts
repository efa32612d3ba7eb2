// Somebody of ops listens in to a session, on record.
import { endpoint } from "../_shared/endpoint.ts";
import { opsListen } from "../_shared/listen.ts";
import { OpsListen } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";

export const withServices = endpoint(OpsListen, opsListen);

export const handler = withServices(production);
