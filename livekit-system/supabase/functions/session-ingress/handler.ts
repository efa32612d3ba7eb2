// A host streams from OBS, beside their app.
import { endpoint } from "../_shared/endpoint.ts";
import { SessionRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { sessionIngress } from "../_shared/sessions.ts";

export const withServices = endpoint(SessionRef, sessionIngress);

export const handler = withServices(production);
