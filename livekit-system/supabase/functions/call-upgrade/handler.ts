// Either side of an audio call asks for video, or answers the other's wish.
import { endpoint } from "../_shared/endpoint.ts";
import { CallUpgrade } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { upgradeCall } from "../_shared/calls.ts";

export const withServices = endpoint(CallUpgrade, upgradeCall);

export const handler = withServices(production);
