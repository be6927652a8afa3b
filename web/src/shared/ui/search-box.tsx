import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";

const DEBOUNCE_MS = 250;

interface Props {
  label: string;
  value: string;
  className?: string | undefined;
  box?: RefObject<HTMLInputElement | null>;
  onChange: (q: string) => void;
}

/** A search field; `onChange` is called when typing stops, and Escape removes the focus. */
export function SearchBox({ label, value, className = "", box, onChange }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const later = useDebouncedCallback(onChange, DEBOUNCE_MS);
  const type = (next: string) => {
    setText(next);
    later(next);
  };
  return (
    <TextInput
      ref={box ?? null}
      size="xs"
      type="search"
      className={className}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSection={text && <CloseButton size="xs" aria-label={t("actions.clear")} onClick={() => type("")} />}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
