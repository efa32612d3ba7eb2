// A scheduled session goes live.
import { endpoint } from "../_shared/endpoint.ts";
import { SessionRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { startSession } from "../_shared/sessions.ts";

export const withServices = endpoint(SessionRef, startSession);

export const handler = withServices(production);
