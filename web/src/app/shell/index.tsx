import { Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { SignIn } from "@/features/sign-in/sign-in";
import { meQuery } from "@/shared/api/session";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Banners } from "./banners";
import { Footer } from "./footer";
import { Header } from "./header";
import styles from "./shell.module.css";

/** What is round every page: the way to the others, who is signed in, and that this is no medical device. */
export function Shell() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#content">
        {t("nav.skip")}
      </a>
      {me.data && <Header me={me.data} />}
      <Banners signedIn={Boolean(me.data)} />
      <main id="content" className={styles["content"]} tabIndex={-1}>
        {me.isPending ? (
          <Waiting />
        ) : me.isError ? (
          <Away error={me.error} retry={me.refetch} />
        ) : me.data ? (
          <Outlet />
        ) : (
          <SignIn />
        )}
      </main>
      <Footer signedIn={Boolean(me.data)} />
    </div>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div className={styles["middle"]}>
      <Loader type="dots" aria-label={t("loading")} />
    </div>
  );
}

function Away({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className={styles["middle"]}>
      <ProblemNote error={error} onRetry={() => retry()} />
    </div>
  );
}
