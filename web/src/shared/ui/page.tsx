import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import styles from "./page.module.css";

interface Props {
  title: string;
  /** Beside the title: filters, buttons. */
  tools?: ReactNode;
  /** True: the page scrolls. False: it fills the window and its parts scroll. */
  scrolls?: boolean;
  children: ReactNode;
}

/** A page with its title, which also names the browser's tab. */
export function Page({ title, tools, scrolls = false, children }: Props) {
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
