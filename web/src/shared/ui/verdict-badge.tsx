import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconEyeExclamation,
  IconLoader2,
  type TablerIcon,
} from "@tabler/icons-react";
import type { CSSProperties } from "react";
import type { ScanStatus, Verdict } from "@/shared/api/model";
import { useWords } from "@/shared/i18n/words";
import { coloursOf, type Tone, toneOf, toneOfVerdict } from "./tone";
import styles from "./verdict.module.css";

const ICONS: Record<Tone, TablerIcon> = {
  pathology: IconEyeExclamation,
  normal: IconCircleCheck,
  missing: IconAlertTriangle,
  work: IconLoader2,
  quiet: IconCircleDashed,
};

/** A verdict in a word, an icon and a colour. */
export function VerdictBadge({ verdict, large = false }: { verdict: Verdict; large?: boolean }) {
  return <Badge tone={toneOfVerdict(verdict)} text={useWords().verdict(verdict)} large={large} />;
}

/** A scan's verdict; before there is one, how far it is. */
export function ScanBadge({ status, verdict }: { status: ScanStatus; verdict: Verdict | null }) {
  const words = useWords();
  const tone = toneOf(status, verdict);
  const judged = tone !== "work" && verdict !== null;
  return <Badge tone={tone} text={judged ? words.verdict(verdict) : words.status(status)} large={false} />;
}

function Badge({ tone, text, large }: { tone: Tone; text: string; large: boolean }) {
  const Icon = ICONS[tone];
  const { ink, soft } = coloursOf(tone);
  const colours = { "--tone-ink": ink, "--tone-soft": soft } as CSSProperties;
  return (
    <span className={styles["badge"]} data-tone={tone} data-large={large || undefined} style={colours}>
      <Icon size={large ? 24 : 16} stroke={1.9} aria-hidden />
      {text}
    </span>
  );
}
