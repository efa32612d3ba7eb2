// How signatures are checked on a phone: by its own code. In a browser, see verify.web.ts.

export { nativeVerify as verify } from "@ipelya/live-react-native/dist/verify";
