// push-send: anyone who has a secret key of the project has the outbox drained. The database decides who that is: it is asked
// with the caller's own key, and lets the service role alone take pushes.
import { bearer } from "../endpoint.ts";
import { answer, type Handler } from "../http.ts";
import { Fault, Refusal } from "../refusal.ts";
import type { Services } from "../services.ts";

export function sendPushes(services: () => Services): Handler {
  return (request) =>
    answer(request, async () => {
      const { asCaller, pushes } = services();
      try {
        return await pushes().drain(asCaller(bearer(request)));
      } catch (error) {
        const status = error instanceof Fault ? error.fields["status"] : undefined;
        if (status === 401 || status === 403 || status === 404) throw Refusal.own("not_authenticated");
        throw error;
      }
    });
}
