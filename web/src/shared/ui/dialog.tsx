import { Modal, type ModalProps } from "@mantine/core";
import { useCallback, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

type Props = Pick<ModalProps, "opened" | "onClose" | "title" | "size" | "children">;

/**
 * A dialog over the page. After closing, the focus returns to where it was, so the keys work: Mantine alone loses it when a
 * dialog is closed before it has received the focus, or is unmounted.
 */
export function Dialog({ opened, ...shown }: Props) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const back = useCallback(() => {
    const now = document.activeElement;
    const lost = now === null || now === document.body || dialog.current?.contains(now);
    if (lost && before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    if (!opened) return;
    before.current = document.activeElement;
    return back;
  }, [opened, back]);
  return (
    <Modal
      ref={dialog}
      opened={opened}
      returnFocus={false}
      onExitTransitionEnd={back}
      closeButtonProps={{ "aria-label": t("actions.close") }}
      {...shown}
    />
  );
}
