import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me, ModelCard } from "@/shared/api/model";
import { modelFiguresOf } from "@/shared/api/model-figures";
import { modelCardQuery, operatingPointQuery, statisticsQuery } from "@/shared/api/statistics";
import { may } from "@/shared/format/names";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel } from "@/shared/ui/section";
import { AgreementPanel } from "./agreement-panel";
import { ModelCardsPanel } from "./model-cards-panel";
import { ModelSummary } from "./model-summary";
import { OperatingPointsTable } from "./operating-points-table";
import { RocChart } from "./roc-chart";
import { StagesPanel } from "./stages-panel";
import styles from "./statistics.module.css";
import { ThresholdExplorer } from "./threshold-explorer";
import { Throughput } from "./throughput";
import { Tiles } from "./tiles";

const HOURS = 24;

export function StatisticsPage({ me }: { me: Me }) {
  const { t } = useTranslation("statistics");
  const card = useQuery(modelCardQuery);
  return (
    <Page title={t("title")} scrolls>
      <div className={styles["grid"]}>
        <Today />
        {card.isError && <ProblemNote error={card.error} onRetry={card.refetch} />}
        {card.data && <Card me={me} card={card.data} />}
        {may(me, "operation.write") && (
          <Panel className={styles["whole"]}>
            <ModelCardsPanel />
          </Panel>
        )}
      </div>
    </Page>
  );
}

function Today() {
  const statistics = useQuery(statisticsQuery(HOURS));
  if (statistics.isError) {
    return (
      <div className={styles["whole"]}>
        <ProblemNote error={statistics.error} onRetry={statistics.refetch} />
      </div>
    );
  }
  if (!statistics.data) return null;
  return (
    <>
      <Panel className={styles["whole"]}>
        <Tiles statistics={statistics.data} />
      </Panel>
      <Panel className={styles["third"]}>
        <Throughput hours={statistics.data.per_hour} />
      </Panel>
      <Panel className={styles["third"]}>
        <StagesPanel stages={statistics.data.stages} />
      </Panel>
      <Panel className={styles["third"]}>
        <AgreementPanel agreement={statistics.data.agreement} />
      </Panel>
    </>
  );
}

function Card({ me, card }: { me: Me; card: ModelCard }) {
  const point = useQuery(operatingPointQuery).data;
  const inForce = point?.body.threshold ?? card.operating_points[card.operating_point]?.threshold ?? 0.5;
  const [tried, setTried] = useState<number | null>(null);
  const figures = modelFiguresOf(card.figures);
  const threshold = tried ?? inForce;
  return (
    <>
      <Panel className={figures ? styles["half"] : styles["whole"]}>
        <ModelSummary
          version={card.version}
          figures={figures}
          trained={card.trained}
          measuredOn={card.operating_points[card.operating_point]?.measured_on}
          assessed={Object.keys(card.findings?.assessed ?? {})}
        />
        {figures && <ThresholdExplorer curve={figures.curve} threshold={threshold} onThreshold={setTried} />}
      </Panel>
      {figures && (
        <Panel className={styles["half"]}>
          <RocChart curve={figures.curve} threshold={threshold} inForce={inForce} />
        </Panel>
      )}
      <Panel className={styles["whole"]}>{point && <OperatingPointsTable me={me} card={card} chosen={point} />}</Panel>
    </>
  );
}
