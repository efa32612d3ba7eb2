// A user rings another.
import { endpoint } from "../_shared/endpoint.ts";
import { CallStart } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { startCall } from "../_shared/calls.ts";

export const withServices = endpoint(CallStart, startCall);

export const handler = withServices(production);
