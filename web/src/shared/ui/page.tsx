import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import styles from "./page.module.css";

interface Shown {
  title: string;
  /** What stands beside the title: filters, buttons. */
  tools?: ReactNode;
  /** A page that is longer than the window scrolls; others fill it and scroll inside. */
  scrolls?: boolean;
  children: ReactNode;
}

/** A page with its title, which also names the browser's tab. */
export function Page({ title, tools, scrolls = false, children }: Shown) {
  useTitle(title);
  return (
    <div className={styles["page"]} data-scrolls={scrolls || undefined}>
      <div className={styles["head"]}>
        <h1 className={styles["title"]}>{title}</h1>
        {tools}
      </div>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("title")}`;
  }, [title, t]);
}
