// LiveKit reports who came and went.
import { production } from "../_shared/services.ts";
import { webhook } from "../_shared/webhook.ts";

export const withServices = webhook;

export const handler = withServices(production);
