// Anyone who may join a session gets a token to do so.
import { endpoint } from "../_shared/endpoint.ts";
import { SessionRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { sessionToken } from "../_shared/sessions.ts";

export const withServices = endpoint(SessionRef, sessionToken);

export const handler = withServices(production);
