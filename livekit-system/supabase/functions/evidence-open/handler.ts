// An operator listens to a clip of evidence: a link of a minute, and a row that says who and why.
import { endpoint } from "../_shared/endpoint.ts";
import { openEvidence } from "../_shared/evidence.ts";
import { EvidenceOpen } from "../_shared/requests.ts";
import { production } from "../_shared/services.ts";

export const withServices = endpoint(EvidenceOpen, openEvidence);

export const handler = withServices(production);
