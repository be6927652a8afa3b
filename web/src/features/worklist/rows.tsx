import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Scan } from "@/shared/api/model";
import { Row, rowId } from "./row";
import type { Scans } from "./use-scans";
import styles from "./worklist.module.css";

const ROW_PX = 42;

interface Props {
  scans: Scans;
  total: number;
  selected: number;
  threshold: number | null;
  onPick: (index: number) => void;
  onOpen: (scan: Scan) => void;
}

/** The table: only visible rows are rendered. */
export function Rows({ scans, total, selected, threshold, onPick, onOpen }: Props) {
  const { t } = useTranslation("worklist");
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    initialOffset: Math.max(0, (selected - 5) * ROW_PX),
  });
  const visible = rows.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => scans.setVisible(first, last));
  useEffect(() => {
    if (selected >= 0) rows.scrollToIndex(selected, { align: "auto" });
  }, [selected, rows]);
  return (
    <div
      className={styles["table"]}
      role="grid"
      aria-label={t("title")}
      aria-rowcount={total + 1}
      aria-activedescendant={visible.some(({ index }) => index === selected) ? rowId(selected) : undefined}
      tabIndex={0}
    >
      <Header />
      <div ref={scroller} className={styles["scroller"]} role="rowgroup" tabIndex={-1}>
        <div role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {visible.map(({ index, start }) => (
            <Row
              key={index}
              scan={scans.at(index)}
              index={index}
              selected={index === selected}
              threshold={threshold}
              start={start}
              onPick={onPick}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

const COLUMNS = ["verdict", "probability", "finding", "patient", "scan", "received"] as const;

function Header() {
  const { t } = useTranslation("worklist");
  return (
    <div role="rowgroup">
      <div role="row" aria-rowindex={1} tabIndex={-1} className={`${styles["columns"]} ${styles["header"]}`}>
        {COLUMNS.map((column) => (
          <div
            key={column}
            role="columnheader"
            tabIndex={-1}
            className={column === "scan" ? styles["scanCell"] : undefined}
          >
            {t(`columns.${column}`)}
          </div>
        ))}
      </div>
    </div>
  );
}
