// Either side hangs up, or the caller gives up.
import { endpoint } from "../_shared/endpoint.ts";
import { CallRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { endCall } from "../_shared/calls.ts";

export const withServices = endpoint(CallRef, endCall);

export const handler = withServices(production);
