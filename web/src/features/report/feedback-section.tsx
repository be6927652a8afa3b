import { Button, Group, Select, Stack, Textarea } from "@mantine/core";
import { IconThumbDown, IconThumbUp } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FINDINGS } from "@/shared/api/findings";
import type { Feedback, FeedbackInput } from "@/shared/api/model";
import { feedbackQuery, giveFeedback } from "@/shared/api/reports";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Section } from "@/shared/ui/section";
import styles from "./report.module.css";

interface Props {
  scanId: string;
  reportVersion: number;
}

/** One click to agree; to disagree, a form for finding and comment. */
export function FeedbackSection({ scanId, reportVersion }: Props) {
  const { t } = useTranslation("report");
  const given = useQuery(feedbackQuery(scanId)).data ?? null;
  const [mode, setMode] = useState<"shown" | "asking" | "disagreeing">("shown");
  const queries = useQueryClient();
  const give = useMutation({
    mutationFn: (feedback: FeedbackInput) => giveFeedback(scanId, feedback),
    onSuccess: async () => {
      setMode("shown");
      notify(t("feedback.thanks"));
      await queries.invalidateQueries({ queryKey: feedbackQuery(scanId).queryKey });
    },
  });
  return (
    <Section title={t("feedback.title")}>
      {mode === "disagreeing" ? (
        <Disagreement busy={give.isPending} onSend={give.mutate} onCancel={() => setMode("shown")} />
      ) : given && mode === "shown" ? (
        <GivenFeedback given={given} old={given.report_version !== reportVersion} onChange={() => setMode("asking")} />
      ) : (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconThumbUp size={15} />}
            loading={give.isPending}
            onClick={() => give.mutate({ agrees: true })}
          >
            {t("feedback.agree")}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconThumbDown size={15} />}
            onClick={() => setMode("disagreeing")}
          >
            {t("feedback.disagree")}
          </Button>
        </Group>
      )}
      {give.isError && <ProblemNote error={give.error} />}
    </Section>
  );
}

function GivenFeedback({ given, old, onChange }: { given: Feedback; old: boolean; onChange: () => void }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const Icon = given.agrees ? IconThumbUp : IconThumbDown;
  const more = [given.finding && words.finding(given.finding), given.comment, old && t("feedback.old")];
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Icon size={16} aria-hidden style={{ marginTop: 2 }} />
      <div style={{ flex: 1 }}>
        {t(`feedback.given.${given.agrees ? "agree" : "disagree"}`, { date: format.when(given.created_at) })}
        <div className={styles["dim"]}>{more.filter(Boolean).join(" · ")}</div>
      </div>
      <Button size="compact-xs" variant="subtle" onClick={onChange}>
        {t("feedback.change")}
      </Button>
    </Group>
  );
}

interface DisagreementProps {
  busy: boolean;
  onSend: (feedback: FeedbackInput) => void;
  onCancel: () => void;
}

function Disagreement({ busy, onSend, onCancel }: DisagreementProps) {
  const { t } = useTranslation(["report", "common"]);
  const words = useCodeTexts();
  const [finding, setFinding] = useState<string | null>(null);
  const [comment, setComment] = useState("");
  const send = () =>
    onSend({ agrees: false, ...(finding ? { finding } : {}), ...(comment.trim() ? { comment: comment.trim() } : {}) });
  return (
    <Stack gap="xs">
      <Select
        searchable
        clearable
        size="xs"
        label={t("feedback.finding")}
        placeholder={t("feedback.findingNone")}
        data={FINDINGS.map((value) => ({ value: value as string, label: words.finding(value) }))}
        value={finding}
        onChange={setFinding}
      />
      <Textarea
        size="xs"
        autosize
        minRows={2}
        label={t("feedback.comment")}
        description={t("feedback.commentHint")}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Group gap="xs" justify="flex-end">
        <Button size="xs" variant="default" onClick={onCancel}>
          {t("common:actions.cancel")}
        </Button>
        <Button size="xs" loading={busy} onClick={send}>
          {t("feedback.send")}
        </Button>
      </Group>
    </Stack>
  );
}
