import { Menu, UnstyledButton } from "@mantine/core";
import { IconLogout, IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Me } from "@/shared/api/model";
import { signOut } from "@/shared/api/session";
import styles from "./shell.module.css";

export function UserMenu({ me }: { me: Me }) {
  const { t } = useTranslation();
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => location.assign("/"), // a reload, so the next user sees no data of this one
  });
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <UnstyledButton className={styles["user"]}>
          <IconUserCircle size={20} stroke={1.6} aria-hidden />
          <span>{me.name}</span>
          <span className={styles["role"]}>{t(`user.roles.${me.role}`)}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.sign_in === "local" ? t("user.local") : `${me.name} · ${me.institution}`}</Menu.Label>
        {me.sign_in !== "local" && (
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => leave.mutate()}>
            {t("user.signOut")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
