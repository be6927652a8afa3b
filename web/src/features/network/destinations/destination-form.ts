import type { Destination, DestinationSettings } from "#schema";

export const KINDS = ["dimse", "stow"] as const satisfies DestinationSettings["kind"][];
export const ENCODINGS = [
  "sr",
  "seg",
  "pm",
  "sc",
  "ko",
  "pr",
  "pdf",
] as const satisfies DestinationSettings["encodings"];

/** A destination as the form holds it: an empty field is "". */
export interface DestinationValues
  extends Pick<
    DestinationSettings,
    "name" | "kind" | "tls" | "encodings" | "language" | "by_default" | "storage_commitment" | "enabled"
  > {
  host: string;
  port: number | "";
  called_ae: string;
  url: string;
  credential: string;
}

const NEW: DestinationValues = {
  name: "",
  kind: "dimse",
  host: "",
  port: 104,
  called_ae: "",
  tls: false,
  url: "",
  credential: "",
  encodings: ["sr"],
  language: "en",
  by_default: true,
  storage_commitment: false,
  enabled: true,
};

export function valuesOf(destination: Destination | null): DestinationValues {
  if (!destination) return NEW;
  const { host, port, called_ae, url, credential } = destination;
  return {
    ...NEW,
    ...settingsOnly(destination),
    host: host ?? "",
    port: port ?? NEW.port,
    called_ae: called_ae ?? "",
    url: url ?? "",
    credential: credential ?? "",
  };
}

/** Only what belongs to the kind: the service refuses the rest. */
export function settingsOf(values: DestinationValues): DestinationSettings {
  const own = settingsOnly(values);
  if (values.kind === "stow") {
    const nothing = { host: null, port: null, called_ae: null, tls: false, storage_commitment: false };
    return { ...own, ...nothing, url: values.url.trim(), credential: values.credential.trim() || null };
  }
  const port = values.port === "" ? null : values.port;
  return { ...own, host: values.host.trim(), port, called_ae: values.called_ae.trim(), url: null, credential: null };
}

type Plain = Omit<DestinationSettings, "host" | "port" | "called_ae" | "url" | "credential">;

function settingsOnly(one: Plain): Plain {
  const { name, kind, tls, encodings, language, by_default, storage_commitment, enabled } = one;
  return { name: name.trim(), kind, tls, encodings, language, by_default, storage_commitment, enabled };
}
