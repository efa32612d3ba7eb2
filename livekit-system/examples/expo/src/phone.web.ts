// A browser has no screen of its own for calls: the app's shows them.

import type { Phone } from "@ipelya/live-react-native";

export const phone: Phone | undefined = undefined;
