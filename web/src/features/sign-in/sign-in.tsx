import { Button, Divider, PasswordInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { loginAddress, loginMethodsQuery, signInWithToken } from "@/shared/api/session";
import { Logo } from "@/shared/ui/logo";
import { useTitle } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import styles from "./sign-in.module.css";

/** Shown instead of the requested page until the user has signed in. */
export function SignIn({ ended }: { ended: boolean }) {
  const { t } = useTranslation();
  const here = useRouterState({ select: (state) => state.location.href });
  const ways = useQuery(loginMethodsQuery).data ?? { ways: ["token" as const], oidc_name: null };
  useTitle(t("signIn.title"));
  return (
    <div className={styles["middle"]}>
      <div className={styles["card"]}>
        <h1 className={styles["brand"]} style={{ margin: 0 }}>
          <Logo size={34} />
          {t("title")}
        </h1>
        <div className={styles["about"]}>{ended ? t("signIn.ended") : t("signIn.about")}</div>
        {ways.ways.includes("oidc") && (
          <Button component="a" href={loginAddress(here)}>
            {t("signIn.with", { name: ways.oidc_name ?? "OpenID Connect" })}
          </Button>
        )}
        {ways.ways.length > 1 && <Divider label={t("signIn.or")} />}
        {ways.ways.includes("token") && <TokenForm />}
      </div>
    </div>
  );
}

function TokenForm() {
  const { t } = useTranslation();
  const [token, setToken] = useState("");
  const enter = useMutation({
    mutationFn: signInWithToken,
    onSuccess: () => location.reload(), // a reload, so this user sees no data of the last one
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) enter.mutate(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <PasswordInput
        label={t("signIn.token")}
        description={t("signIn.tokenHint")}
        autoComplete="off"
        visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
      />
      {enter.isError && <ProblemNote error={enter.error} />}
      <Button type="submit" fullWidth mt="md" loading={enter.isPending}>
        {t("signIn.submit")}
      </Button>
    </form>
  );
}
