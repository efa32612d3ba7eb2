// A creator opens a session, now or for later.
import { endpoint } from "../_shared/endpoint.ts";
import { SessionCreate } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { createSession } from "../_shared/sessions.ts";

export const withServices = endpoint(SessionCreate, createSession);

export const handler = withServices(production);
