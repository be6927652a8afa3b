import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { figuresOf } from "@/shared/api/figures";
import type { Me, ModelCard } from "@/shared/api/model";
import { modelCardQuery, operatingPointQuery, statisticsQuery } from "@/shared/api/numbers";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel } from "@/shared/ui/section";
import { AgreementPanel } from "./agreement-panel";
import { Explorer } from "./explorer";
import { ModelFacts } from "./model-facts";
import styles from "./numbers.module.css";
import { PointsTable } from "./points-table";
import { RocChart } from "./roc-chart";
import { StagesPanel } from "./stages-panel";
import { Throughput } from "./throughput";
import { Tiles } from "./tiles";

const HOURS = 24;

export function Numbers({ me }: { me: Me }) {
  const { t } = useTranslation("numbers");
  const card = useQuery(modelCardQuery);
  return (
    <Page title={t("title")} scrolls>
      <div className={styles["grid"]}>
        <Today />
        {card.isError && <ProblemNote error={card.error} onRetry={card.refetch} />}
        {card.data && <Card me={me} card={card.data} />}
      </div>
    </Page>
  );
}

function Today() {
  const numbers = useQuery(statisticsQuery(HOURS));
  if (numbers.isError) {
    return (
      <div className={styles["whole"]}>
        <ProblemNote error={numbers.error} onRetry={numbers.refetch} />
      </div>
    );
  }
  if (!numbers.data) return null;
  return (
    <>
      <Panel className={styles["whole"]}>
        <Tiles numbers={numbers.data} />
      </Panel>
      <Panel className={styles["third"]}>
        <Throughput hours={numbers.data.per_hour} />
      </Panel>
      <Panel className={styles["third"]}>
        <StagesPanel stages={numbers.data.stages} />
      </Panel>
      <Panel className={styles["third"]}>
        <AgreementPanel agreement={numbers.data.agreement} />
      </Panel>
    </>
  );
}

function Card({ me, card }: { me: Me; card: ModelCard }) {
  const point = useQuery(operatingPointQuery).data;
  const inForce = point?.body.threshold ?? card.operating_points[card.operating_point]?.threshold ?? 0.5;
  const [tried, setTried] = useState<number | null>(null);
  const figures = figuresOf(card.figures);
  const threshold = tried ?? inForce;
  return (
    <>
      <Panel className={figures ? styles["half"] : styles["whole"]}>
        <ModelFacts version={card.version} figures={figures} trained={card.trained} />
        {figures && <Explorer curve={figures.curve} threshold={threshold} onThreshold={setTried} />}
      </Panel>
      {figures && (
        <Panel className={styles["half"]}>
          <RocChart curve={figures.curve} threshold={threshold} inForce={inForce} />
        </Panel>
      )}
      <Panel className={styles["whole"]}>{point && <PointsTable me={me} card={card} chosen={point} />}</Panel>
    </>
  );
}
