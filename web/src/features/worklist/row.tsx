import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Scan } from "@/shared/api/model";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { DateTime } from "@/shared/ui/date-time";
import { NetworkBadges } from "@/shared/ui/network-badges";
import { PatientName } from "@/shared/ui/patient-name";
import { ProbabilityBar } from "@/shared/ui/probability-bar";
import { toneOf } from "@/shared/ui/tone";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import { RowProgress } from "./row-progress";
import styles from "./worklist.module.css";

interface Props {
  scan: Scan | undefined;
  index: number;
  selected: boolean;
  threshold: number | null;
  /** Pixels from the top of the list. */
  start: number;
  onPick: (index: number) => void;
  onOpen: (scan: Scan) => void;
}

export const rowId = (index: number): string => `row-${index}`;

/** One scan; a placeholder while its page is loading. */
export const Row = memo(function Row({ scan, index, selected, threshold, start, onPick, onOpen }: Props) {
  const tone = scan ? toneOf(scan.status, scan.verdict) : "quiet";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys for all rows (aria-activedescendant)
    <div
      role="row"
      id={rowId(index)}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={-1}
      className={`${styles["columns"]} ${styles["row"]}`}
      data-tone={tone}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => onPick(index)}
      onDoubleClick={() => scan && onOpen(scan)}
    >
      {scan ? (
        <Cells scan={scan} threshold={threshold} />
      ) : (
        <Cell>
          <div className={styles["skeleton"]} />
        </Cell>
      )}
    </div>
  );
});

function Cells({ scan, threshold }: { scan: Scan; threshold: number | null }) {
  return (
    <>
      <Cell>
        <ScanBadge status={scan.status} verdict={scan.verdict} />
      </Cell>
      <Outcome scan={scan} threshold={threshold} />
      <Cell className="name">
        <PatientName id={scan.patient_id} patient={scan.patient} />
      </Cell>
      <Cell className="dim scanCell">
        <NetworkBadges scan={scan} /> {scan.description || scan.file_name}
      </Cell>
      <Cell className="dim">
        <DateTime at={scan.created_at} />
      </Cell>
    </>
  );
}

/** Probability and finding, or the progress, or the error. */
function Outcome({ scan, threshold }: { scan: Scan; threshold: number | null }) {
  const { t } = useTranslation();
  const words = useCodeTexts();
  if (scan.status === "queued" || scan.status === "running") {
    return (
      <Cell className="wide">
        <RowProgress scan={scan} />
      </Cell>
    );
  }
  if (scan.error) return <Cell className="wide reason">{words.error(scan.error).title}</Cell>;
  const finding = scan.most_dangerous_pathology_type;
  return (
    <>
      <Cell>
        <ProbabilityBar probability={scan.probability_of_pathology} verdict={scan.verdict} threshold={threshold} />
      </Cell>
      <Cell>
        {finding ? (
          words.finding(finding)
        ) : (
          <span className={styles["dim"]} title={t("none")}>
            –
          </span>
        )}
      </Cell>
    </>
  );
}

function Cell({ className = "", children }: { className?: string; children: React.ReactNode }) {
  const names = ["cell", ...className.split(" ")].map((name) => styles[name] ?? "");
  return (
    <div role="gridcell" className={names.join(" ")}>
      {children}
    </div>
  );
}
