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
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { coloursOf, type Tone, toneOf, toneOfVerdict } from "./tone";
import styles from "./verdict.module.css";

const ICONS: Record<Tone, TablerIcon> = {
  pathology: IconEyeExclamation,
  normal: IconCircleCheck,
  missing: IconAlertTriangle,
  work: IconLoader2,
  quiet: IconCircleDashed,
};

/** A verdict as word, icon and colour. */
export function VerdictBadge({ verdict, large = false }: { verdict: Verdict; large?: boolean }) {
  return <Badge tone={toneOfVerdict(verdict)} text={useCodeTexts().verdict(verdict)} large={large} />;
}

/** A scan's verdict; before that, its status. */
export function ScanBadge({ status, verdict }: { status: ScanStatus; verdict: Verdict | null }) {
  const words = useCodeTexts();
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
