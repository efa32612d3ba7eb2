// Either side of an accepted call connects again.
import { endpoint } from "../_shared/endpoint.ts";
import { CallRef } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { callToken } from "../_shared/calls.ts";

export const withServices = endpoint(CallRef, callToken);

export const handler = withServices(production);
