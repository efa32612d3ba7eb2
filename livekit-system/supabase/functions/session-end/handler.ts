// The host or ops end a session.
import { endpoint } from "../_shared/endpoint.ts";
import { SessionRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { endSession } from "../_shared/sessions.ts";

export const withServices = endpoint(SessionRef, endSession);

export const handler = withServices(production);
