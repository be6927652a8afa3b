import { Button } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Me } from "@/shared/api/model";
import { viewerAddress } from "./viewer-address";

interface Props {
  me: Me;
  studyUid: string | null;
}

/** A link to the study in the hospital's own viewer; nothing where the service names none. */
export function OpenInViewer({ me, studyUid }: Props) {
  const { t } = useTranslation("report");
  const address = viewerAddress(me.viewer_url, studyUid);
  if (address === null) return null;
  return (
    <Button
      component="a"
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      size="xs"
      variant="default"
      leftSection={<IconExternalLink size={15} />}
    >
      {t("openInViewer")}
    </Button>
  );
}
