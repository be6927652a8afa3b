import { Button, Group, MultiSelect, NumberInput, Radio, Stack, TagsInput, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import type { RoutingRule } from "#schema";
import { Dialog } from "@/shared/ui/dialog";
import styles from "../network.module.css";
import { EFFECTS, NEW_RULE, type RuleValues, ruleOf, SOURCES, TARGETS, TEXTS, valuesOf } from "./rule-form";

const MAX_AGE = 999;

interface Props {
  /** Null for a new rule. */
  rule: RoutingRule | null;
  /** The names of the other rules. */
  taken: readonly string[];
  destinations: readonly string[];
  onDone: (rule: RoutingRule) => void;
  onClose: () => void;
}

/** A rule is edited; it is in force only when the whole list is saved. */
export function RuleDialog({ rule, taken, destinations, onDone, onClose }: Props) {
  const { t } = useTranslation(["network", "common"]);
  const form = useForm<RuleValues>({
    initialValues: rule ? valuesOf(rule) : NEW_RULE,
    validate: {
      name: (name) => (!name.trim() ? t("needed") : taken.includes(name.trim()) ? t("nameTaken") : null),
      age_to: (to, { age_from: from }) => (from !== "" && to !== "" && from > to ? t("noSuchAge") : null),
      source: (source, { effect }) =>
        effect === "unscreened" && source.length === 1 && source[0] === "upload" ? t("uploadsAreScreened") : null,
      destinations: (names, { target, effect }) =>
        effect !== "unscreened" && target === "named" && names.length === 0 ? t("needed") : null,
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t(rule ? "rules.edit" : "rules.add")} size="lg">
      <form onSubmit={form.onSubmit((values) => onDone(ruleOf(values)))}>
        <Stack gap="sm">
          <TextInput
            label={t("rules.name")}
            withAsterisk
            data-autofocus
            maxLength={200}
            {...form.getInputProps("name")}
          />
          <Conditions form={form} />
          <Action form={form} destinations={destinations} />
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              {t("common:actions.cancel")}
            </Button>
            <Button type="submit">{t("rules.take")}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

type Form = UseFormReturnType<RuleValues>;

function Conditions({ form }: { form: Form }) {
  const { t } = useTranslation("network");
  return (
    <fieldset className={styles["group"]}>
      <legend>{t("rules.when")}</legend>
      <p className={styles["dim"]}>{t("rules.patternHint")}</p>
      <MultiSelect
        label={t("conditions.source")}
        data={SOURCES.map((value) => ({ value, label: t(`sources.${value}`) }))}
        placeholder={form.values.source.length ? "" : t("anything")}
        {...form.getInputProps("source")}
      />
      <div className={styles["twoColumns"]}>
        {TEXTS.map((text) => (
          <TagsInput
            key={text}
            label={t(`conditions.${text}`)}
            placeholder={form.values.texts[text].length ? "" : t(`examples.${text}`)}
            acceptValueOnBlur
            maxTags={50}
            {...form.getInputProps(`texts.${text}`)}
          />
        ))}
        <NumberInput
          label={t("conditions.age_from")}
          min={0}
          max={MAX_AGE}
          allowDecimal={false}
          {...form.getInputProps("age_from")}
        />
        <NumberInput
          label={t("conditions.age_to")}
          min={0}
          max={MAX_AGE}
          allowDecimal={false}
          {...form.getInputProps("age_to")}
        />
      </div>
      <p className={styles["dim"]}>{t("rules.absentHint")}</p>
    </fieldset>
  );
}

function Action({ form, destinations }: { form: Form; destinations: readonly string[] }) {
  const { t } = useTranslation("network");
  const { effect, target } = form.values;
  return (
    <fieldset className={styles["group"]}>
      <legend>{t("rules.then")}</legend>
      <Radio.Group label={t("rules.effect")} {...form.getInputProps("effect")}>
        <Group mt={6}>
          {EFFECTS.map((value) => (
            <Radio key={value} value={value} label={t(`effects.${value}`)} />
          ))}
        </Group>
      </Radio.Group>
      {effect !== "unscreened" && (
        <Radio.Group label={t("rules.target")} {...form.getInputProps("target")}>
          <Group mt={6}>
            {TARGETS.map((value) => (
              <Radio key={value} value={value} label={t(`targetChoices.${value}`)} />
            ))}
          </Group>
        </Radio.Group>
      )}
      {effect !== "unscreened" && target === "named" && (
        <TagsInput
          label={t("rules.destinations")}
          data={[...destinations]}
          acceptValueOnBlur
          {...form.getInputProps("destinations")}
        />
      )}
    </fieldset>
  );
}
