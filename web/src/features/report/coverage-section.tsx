import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Coverage, LungCoverage, StudyReport } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { DefinitionList, Section } from "@/shared/ui/section";
import styles from "./report.module.css";

const SIDES = ["right", "left"] as const;

interface Props {
  coverage: Coverage;
  study: StudyReport;
}

/** What was seen of both lungs, and what is missing. */
export function CoverageSection({ coverage, study }: Props) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const { complete, airless_share, blank_slices, widest_unseen_mm } = coverage;
  const found = SIDES.some((side) => coverage[side].first_mm !== null);
  const slices = study.evidence?.slices;
  const inFiveViews = slices?.filter((one) => one.test_time_views).length;
  const viewed = slices ? t("coverage.viewedCount", { slices: slices.length, more: inFiveViews }) : null;
  return (
    <Section title={t("coverage.title")}>
      <p className={styles["coverage"]} data-complete={complete}>
        {t(complete ? "coverage.complete" : "coverage.incomplete")}
      </p>
      <Faults faults={coverage.faults} reported={study.error?.detail} />
      {found && <Lungs coverage={coverage} />}
      <DefinitionList
        items={[
          [t("coverage.unseen"), found ? t("mm", { mm: format.decimal(widest_unseen_mm, 1) }) : null],
          [t("coverage.airless"), airless_share > 0 ? format.percent(airless_share) : null],
          [t("coverage.blank"), blank_slices.length > 0 ? format.whole(blank_slices.length) : null],
          [t("coverage.viewed"), viewed],
        ]}
      />
      <AirlessSpans coverage={coverage} />
    </Section>
  );
}

/** Each fault by its code's sentence, with the English detail; the one that the report's error says is left out. */
function Faults({ faults, reported }: { faults: Coverage["faults"]; reported: string | undefined }) {
  const words = useCodeTexts();
  const shown = faults.filter(({ detail }) => detail !== reported);
  if (shown.length === 0) return null;
  return (
    <ul className={styles["faults"]}>
      {shown.map(({ code, detail }) => (
        <li key={detail}>
          {words.error(code).title}
          <div className={styles["dim"]} lang="en">
            {detail}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Lungs({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  return (
    <Table className={styles["lungs"]} verticalSpacing={3} horizontalSpacing={0} aria-label={t("coverage.title")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("coverage.lung")}</Table.Th>
          <Table.Th>{t("coverage.height")}</Table.Th>
          <Table.Th>{t("coverage.volume")}</Table.Th>
          <Table.Th title={t("coverage.endsHint")}>{t("coverage.ends")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {SIDES.map((side) => (
          <Lung key={side} name={t(`coverage.${side}`)} lung={coverage[side]} />
        ))}
        <Table.Tr>
          <Table.Td>{t("coverage.both")}</Table.Td>
          <Table.Td>{format.whole(coverage.height_mm)}</Table.Td>
          <Table.Td>{format.whole(coverage.volume_ml)}</Table.Td>
          <Table.Td />
        </Table.Tr>
      </Table.Tbody>
    </Table>
  );
}

function Lung({ name, lung }: { name: string; lung: LungCoverage }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      {lung.first_mm === null ? (
        <Table.Td colSpan={3}>{t("coverage.notFound")}</Table.Td>
      ) : (
        <>
          <Table.Td>{format.whole(lung.height_mm)}</Table.Td>
          <Table.Td>{format.whole(lung.volume_ml)}</Table.Td>
          <Table.Td>{`${format.whole(lung.first_mm)}–${format.whole(lung.last_mm)}`}</Table.Td>
        </>
      )}
    </Table.Tr>
  );
}

/** Where a lung seems to hold no air, with the heights and the estimated volume. */
function AirlessSpans({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const spans = SIDES.flatMap((side) => coverage[side].airless.map((span) => ({ side, ...span })));
  if (spans.length === 0) return null;
  return (
    <>
      <p className={styles["dim"]}>{t("coverage.spans")}</p>
      <ul className={styles["warnings"]}>
        {spans.map(({ side, kind, from_mm, to_mm, ml }) => (
          <li key={`${side} ${kind} ${from_mm}`}>
            {t("coverage.span", {
              side: t(`coverage.${side}`),
              from: format.whole(from_mm),
              to: format.whole(to_mm),
              kind: t(`coverage.kinds.${kind}`),
              ml: format.whole(ml),
            })}
          </li>
        ))}
      </ul>
    </>
  );
}
