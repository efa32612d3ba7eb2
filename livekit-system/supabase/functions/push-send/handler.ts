// The worker has what is due in the push outbox sent.
import { production } from "../_shared/services.ts";
import { sendPushes } from "../_shared/push/send.ts";

export const withServices = sendPushes;

export const handler = withServices(production);
