import { Loader } from "@mantine/core";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { SignIn } from "@/features/sign-in/sign-in";
import type { Me } from "@/shared/api/model";
import { meQuery } from "@/shared/api/session";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Banners } from "./banners";
import { Footer } from "./footer";
import { Header } from "./header";
import styles from "./shell.module.css";

/** The frame of every page: navigation, user menu, and that this is no medical device. */
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
        <Content me={me} />
      </main>
      <Footer signedIn={Boolean(me.data)} />
    </div>
  );
}

/** The page of a signed-in user. If the session check fails the page stays, and a banner shows the failure. */
function Content({ me }: { me: UseQueryResult<Me | null> }) {
  const [wasSignedIn, setWasSignedIn] = useState(false);
  useEffect(() => {
    if (me.data) setWasSignedIn(true);
  }, [me.data]);
  if (me.data) return <Outlet />;
  if (me.isPending) return <Waiting />;
  return me.isError ? <ServiceUnavailable error={me.error} retry={me.refetch} /> : <SignIn ended={wasSignedIn} />;
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div className={styles["middle"]}>
      <Loader type="dots" aria-label={t("loading")} />
    </div>
  );
}

function ServiceUnavailable({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className={styles["middle"]}>
      <ProblemNote error={error} onRetry={() => retry()} />
    </div>
  );
}
