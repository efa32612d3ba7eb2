// Serves the handler beside it.
import { handler } from "./handler.ts";

Deno.serve(handler);
