/** The entry: reads the configuration, connects, and shows the console. */
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { readConfig } from "./config.ts";
import { connect, ProjectContext, SupabaseContext } from "./data/client.ts";

const root = createRoot(document.getElementById("console")!);
try {
  const config = await readConfig();
  const client = connect(config);
  root.render(
    <SupabaseContext value={client}>
      <ProjectContext value={config.supabaseUrl}>
        <App />
      </ProjectContext>
    </SupabaseContext>,
  );
} catch (error) {
  root.render(
    <main className="lc-door">
      <h1>The console is not set up · Konsol kurulmamış</h1>
      <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
    </main>,
  );
}
