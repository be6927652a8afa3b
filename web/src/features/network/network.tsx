import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { destinationsQuery } from "@/shared/api/destinations";
import { Page } from "@/shared/ui/page";
import { DestinationsPanel } from "./destinations/destinations-panel";
import { RulesPanel } from "./rules/rules-panel";
import { type NetworkSearch, PARTS, type Part } from "./search";
import { TodayPanels } from "./today/today-panels";

interface Props {
  search: NetworkSearch;
  onSearch: (search: NetworkSearch) => void;
}

/** For an admin: what comes from the network, what is done with it, and where results go. */
export function NetworkPage({ search, onSearch }: Props) {
  const { t } = useTranslation("network");
  return (
    <Page title={t("title")} scrolls>
      <Tabs value={search.part ?? "today"} onChange={(part) => onSearch({ part: part as Part })} keepMounted={false}>
        <Tabs.List mb="md">
          {PARTS.map((part) => (
            <Tabs.Tab key={part} value={part}>
              {t(`parts.${part}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="today">
          <TodayPanels />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules />
        </Tabs.Panel>
        <Tabs.Panel value="destinations">
          <DestinationsPanel />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Rules() {
  const destinations = useQuery(destinationsQuery).data?.items ?? [];
  return <RulesPanel destinations={destinations.map(({ name }) => name)} />;
}
