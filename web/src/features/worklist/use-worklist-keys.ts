import { useHotkeys } from "@mantine/hooks";
import type { RefObject } from "react";

interface WorklistActions {
  selected: number;
  total: number;
  box: RefObject<HTMLInputElement | null>;
  pick: (index: number) => void;
  open: () => void;
}

const PAGE_ROWS = 12;

/** Keyboard control of the worklist: j and k, or the arrow keys. */
export function useWorklistKeys({ selected, total, box, pick, open }: WorklistActions): void {
  const to = (index: number) => () => total > 0 && pick(Math.max(0, Math.min(total - 1, index)));
  useHotkeys(
    [
      ["j", to(selected + 1)],
      ["ArrowDown", to(selected + 1)],
      ["k", to(selected - 1)],
      ["ArrowUp", to(selected - 1)],
      ["PageDown", to(selected + PAGE_ROWS)],
      ["PageUp", to(selected - PAGE_ROWS)],
      ["Home", to(0)],
      ["End", to(total - 1)],
      ["Enter", open],
      ["/", () => box.current?.focus()],
    ],
    ["INPUT", "TEXTAREA", "SELECT", "BUTTON", "A"],
  );
}
