import { SegmentedControl, Select, VisuallyHidden } from "@mantine/core";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { ScanCounts } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { SearchBox } from "@/shared/ui/search-box";
import { KeysHelp } from "./keys-help";
import { SHOWN, type ShowFilter, SINCE, SORTS, type WorklistSearch } from "./search";
import styles from "./worklist.module.css";

/** The filters by the names of the API's counts. */
const COUNT_NAMES = {
  all: "all",
  pathology: "pathology",
  not_analysed: "not_analysed",
  normal: "normal",
  work: "in_work",
} as const satisfies Record<ShowFilter, keyof ScanCounts>;

interface Tools {
  search: WorklistSearch;
  total: number | null;
  counts: ScanCounts | null;
  box: RefObject<HTMLInputElement | null>;
  onChange: (search: WorklistSearch) => void;
}

export function Toolbar({ search, total, counts, box, onChange }: Tools) {
  const { t } = useTranslation("worklist");
  const format = useFormat();
  return (
    <div className={styles["toolbar"]}>
      <SegmentedControl
        size="xs"
        aria-label={t("show.label")}
        value={search.show ?? "all"}
        data={SHOWN.map((value) => ({
          value,
          label: <ShowLabel value={value} count={counts?.[COUNT_NAMES[value]] ?? null} />,
        }))}
        onChange={(show) => onChange({ ...search, show })}
      />
      <Choice
        label={t("sort.label")}
        value={search.sort ?? "probability"}
        values={SORTS}
        name={(value) => t(`sort.${value}`)}
        onChange={(sort) => onChange({ ...search, sort })}
      />
      <Choice
        label={t("since.label")}
        value={search.since ?? "any"}
        values={SINCE}
        name={(value) => t(`since.${value}`)}
        onChange={(since) => onChange({ ...search, since })}
      />
      <SearchBox
        key={search.q ? "filtered" : "empty"}
        label={t("search")}
        className={styles["search"]}
        value={search.q ?? ""}
        box={box}
        onChange={(q) => onChange({ ...search, q })}
      />
      <KeysHelp />
      <VisuallyHidden role="status">
        {total !== null && t("count", { count: total, formatted: format.whole(total) })}
      </VisuallyHidden>
    </div>
  );
}

function ShowLabel({ value, count }: { value: ShowFilter; count: number | null }) {
  const { t } = useTranslation("worklist");
  const format = useFormat();
  return (
    <span className={styles["shown"]}>
      {t(`show.${value}`)}
      {count !== null && <span className={styles["number"]}>{format.whole(count)}</span>}
    </span>
  );
}

interface Choices<T extends string> {
  label: string;
  value: T;
  values: readonly T[];
  name: (value: T) => string;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, values, name, onChange }: Choices<T>) {
  return (
    <Select
      size="xs"
      w={164}
      aria-label={label}
      allowDeselect={false}
      value={value}
      data={values.map((one) => ({ value: one as string, label: name(one) }))}
      onChange={(picked) => picked !== null && onChange(picked as T)}
    />
  );
}
