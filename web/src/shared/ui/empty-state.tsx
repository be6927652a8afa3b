import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./notes.module.css";

interface Props {
  icon: TablerIcon;
  title: string;
  advice: string;
  children?: ReactNode;
}

/** An empty list: what is missing and what to do. */
export function EmptyState({ icon: Icon, title, advice, children }: Props) {
  return (
    <div className={styles["empty"]}>
      <Icon size={44} stroke={1.2} aria-hidden />
      <div className={styles["emptyTitle"]}>{title}</div>
      <div className={styles["emptyAdvice"]}>{advice}</div>
      {children && <div className={styles["action"]}>{children}</div>}
    </div>
  );
}
