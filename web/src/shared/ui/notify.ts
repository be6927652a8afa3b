import { type NotificationData, notifications } from "@mantine/notifications";
import i18next from "i18next";

/** Shows a message for some seconds; its close button has a name for screen readers, which Mantine's alone lacks. */
export function notify(message: string, shown: Pick<NotificationData, "color"> = {}): void {
  notifications.show({ message, closeButtonProps: { "aria-label": i18next.t("actions.close") }, ...shown });
}
