import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Me, Scan } from "@/shared/api/model";
import { reportAddress } from "@/shared/api/reports";
import { heatmapAddress, originalAddress } from "@/shared/api/scans";
import { may } from "@/shared/format/names";
import { currentLanguage } from "@/shared/i18n";

const FORMATS = ["pdf", "json", "csv", "xlsx"] as const;
const MAPS = ["activation", "error"] as const;

interface Props {
  me: Me;
  scan: Scan;
  hasReport: boolean;
}

export function Downloads({ me, scan, hasReport }: Props) {
  const { t } = useTranslation("report");
  const original = may(me, "scans.file");
  if (!hasReport && !original) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={15} />}>
          {t("downloads.title")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {hasReport &&
          FORMATS.map((format) => (
            <Item
              key={format}
              href={reportAddress(scan.id, format, currentLanguage())}
              label={t(`downloads.${format}`)}
            />
          ))}
        {hasReport && scan.verdict !== "not_analysed" && <Menu.Divider />}
        {hasReport &&
          scan.verdict !== "not_analysed" &&
          MAPS.map((kind) => <Item key={kind} href={heatmapAddress(scan.id, kind)} label={t(`downloads.${kind}`)} />)}
        {original && <Menu.Divider />}
        {original && <Item href={originalAddress(scan.id)} label={t("downloads.original")} />}
      </Menu.Dropdown>
    </Menu>
  );
}

function Item({ href, label }: { href: string; label: string }) {
  return (
    <Menu.Item component="a" href={href} download>
      {label}
    </Menu.Item>
  );
}
