import { prepare } from "@ipelya/live-react-native";
import { registerRootComponent } from "expo";
import { App } from "./src/App";

// Before the first room: WebRTC's globals.
prepare();
registerRootComponent(App);
