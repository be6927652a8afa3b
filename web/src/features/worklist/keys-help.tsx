import { ActionIcon, Kbd } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/shared/ui/dialog";
import styles from "./worklist.module.css";

const KEYS = [
  { keys: ["j", "↓"], does: "next" },
  { keys: ["k", "↑"], does: "previous" },
  { keys: ["Enter"], does: "open" },
  { keys: ["u"], does: "back" },
  { keys: ["/"], does: "search" },
  { keys: ["?"], does: "help" },
] as const;

/** The keyboard shortcuts of the worklist, opened by ?. */
export function KeysHelp() {
  const { t } = useTranslation();
  const [opened, { open, close, toggle }] = useDisclosure(false);
  useHotkeys([["shift+?", toggle]]);
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        aria-label={t("keys.title")}
        title={t("keys.title")}
        onClick={open}
      >
        <IconKeyboard size={18} stroke={1.7} />
      </ActionIcon>
      <Dialog opened={opened} onClose={close} title={t("keys.title")} size="xs">
        <dl className={styles["keys"]}>
          {KEYS.map(({ keys, does }) => (
            <Fragment key={does}>
              <dt>
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{t(`keys.${does}`)}</dd>
            </Fragment>
          ))}
        </dl>
      </Dialog>
    </>
  );
}
