// The callee accepts or declines.
import { endpoint } from "../_shared/endpoint.ts";
import { CallAnswer } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";
import { answerCall } from "../_shared/calls.ts";

export const withServices = endpoint(CallAnswer, answerCall);

export const handler = withServices(production);
