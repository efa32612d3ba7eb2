// The files of recordings, in whatever store each part was written to: Supabase's Storage, or a bucket of another S3 provider, whose
// address and keys are the worker's own (RECORDING_S3_…). A row says which; what is stored elsewhere is not given out.
import { AwsClient } from "npm:aws4fetch@1.0.20";
import { Fault, Refusal } from "./refusal.ts";
import type { Database } from "./services.ts";

export interface RecordingFiles {
  /**
   * A link to a file that is good for so many seconds, and for anyone who has it.
   * @throws Refusal unavailable
   */
  link(path: string, seconds: number): Promise<string>;
  /**
   * What a text file holds; null where there is none.
   * @throws Refusal unavailable
   */
  text(path: string): Promise<string | null>;
}

/** A bucket of another provider. Its address is what the rows of its parts say. */
export interface RecordingBucket {
  readonly address: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secret: string;
}

const SUPABASE = "supabase";
const BUCKET = "recordings";
const AT_SUPABASE = /\/storage\/v1\/s3\/*$/;
const TIMEOUT_MS = 5_000;

export class StorageFiles implements RecordingFiles {
  readonly #database: Pick<Database, "signedUrl" | "fileText">;

  constructor(database: Pick<Database, "signedUrl" | "fileText">) {
    this.#database = database;
  }

  link(path: string, seconds: number): Promise<string> {
    return this.#database.signedUrl(BUCKET, path, seconds);
  }

  text(path: string): Promise<string | null> {
    return this.#database.fileText(BUCKET, path);
  }
}

export class S3Files implements RecordingFiles {
  readonly #address: string;
  readonly #client: AwsClient;

  constructor({ address, region, accessKey, secret }: RecordingBucket) {
    this.#address = address;
    this.#client = new AwsClient({
      accessKeyId: accessKey,
      secretAccessKey: secret,
      region,
      service: "s3",
      retries: 1,
    });
  }

  async link(path: string, seconds: number): Promise<string> {
    const url = this.#urlOf(path);
    url.searchParams.set("X-Amz-Expires", String(seconds));
    return (await this.#client.sign(url, { aws: { signQuery: true } })).url;
  }

  async text(path: string): Promise<string | null> {
    const response = await this.#get(this.#urlOf(path));
    const text = await response.text();
    if (response.ok) return text;
    if (response.status === 404) return null;
    throw Refusal.unavailable({ part: "recordings' store", status: response.status });
  }

  async #get(url: URL): Promise<Response> {
    try {
      return await this.#client.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw Refusal.unavailable({
        part: "recordings' store",
        reason: error instanceof Error ? error.name : typeof error,
      });
    }
  }

  #urlOf(path: string): URL {
    return new URL(`${this.#address}/${path.split("/").map(encodeURIComponent).join("/")}`);
  }
}

type Environment = { get(name: string): string | undefined };

/** The bucket of another provider that the environment names as the worker's does; undefined where it names none. */
export function readBucket(environment: Environment): RecordingBucket | undefined {
  const text = (name: string) => environment.get(`RECORDING_S3_${name}`)?.trim() ?? "";
  const endpoint = text("ENDPOINT").replace(/\/+$/, "");
  const accessKey = text("ACCESS_KEY");
  const secret = text("SECRET");
  if (endpoint === "" || AT_SUPABASE.test(endpoint) || accessKey === "" || secret === "") return undefined;
  return {
    address: addressOf(endpoint, text("BUCKET") || BUCKET, text("PATH_STYLE").toLowerCase() !== "false"),
    region: text("REGION") || "us-east-1",
    accessKey,
    secret,
  };
}

/** As `PlaceSettings.bucket_url` of the worker has it: what the rows say. */
function addressOf(endpoint: string, bucket: string, pathStyle: boolean): string {
  if (pathStyle) return `${endpoint}/${bucket}`;
  const [scheme = "", rest = ""] = endpoint.split("://", 2);
  return `${scheme}://${bucket}.${rest}`;
}

/** The files of a store, by what the row of a part calls it. */
export type Stores = (store: string) => RecordingFiles;

export function storesOf(database: Database, bucket: RecordingBucket | undefined): Stores {
  const storage = new StorageFiles(database);
  const other = bucket && new S3Files(bucket);
  return (store) => {
    if (store === SUPABASE) return storage;
    if (other !== undefined && store === bucket?.address) return other;
    throw new Fault("recordings.unknown_store", { store });
  };
}
