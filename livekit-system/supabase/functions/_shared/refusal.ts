// What may go wrong with a call, as the client is told it. Owns the codes that the functions themselves give;
// every other code is the database's own decision (PT4xx with a hint) and passes through unchanged.

/** Status and default text of each code that is decided here and not in the database. */
export const OWN_CODES = {
  malformed_json: [400, "The body is not valid JSON."],
  invalid_request: [400, "The body does not have the expected fields."],
  not_authenticated: [401, "Sign in first: the access token is missing, invalid or expired."],
  invalid_signature: [401, "The webhook is not signed by LiveKit."],
  method_not_allowed: [405, "Use POST."],
  body_too_large: [413, "The body is too large."],
  unsupported_media_type: [415, "Send the body as application/json."],
  internal: [500, "Something went wrong on our side."],
  unavailable: [503, "The service is briefly unavailable. Try again in a moment."],
} as const satisfies Record<string, readonly [number, string]>;

export type OwnCode = keyof typeof OWN_CODES;

/** What goes into the log. Neither user text nor a secret. */
export type Fields = Readonly<Record<string, string | number>>;

/** An answer other than success. `code` is for programs, `message` for people; both reach the client. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly code: string, readonly status: number, message: string, readonly fields: Fields = {}) {
    super(message);
  }

  static own(code: OwnCode, message?: string): Refusal {
    const [status, text] = OWN_CODES[code];
    return new Refusal(code, status, message ?? text);
  }

  /** Something that we need did not answer; `fields` tell the log what and how. */
  static unavailable(fields: Fields): Refusal {
    const [status, text] = OWN_CODES.unavailable;
    return new Refusal("unavailable", status, text, fields);
  }
}

/** Our fault. `message` and `fields` are logged, never sent. */
export class Fault extends Error {
  override readonly name = "Fault";

  constructor(message: string, readonly fields: Fields = {}) {
    super(message);
  }
}
