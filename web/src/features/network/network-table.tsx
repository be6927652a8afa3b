import { Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./network.module.css";

interface Props {
  label: string;
  columns: readonly string[];
  /** The name of a last column of buttons, which screen readers alone tell. */
  actions?: string;
  children: ReactNode;
}

/** A table of the network's pages; `children` are its rows. */
export function NetworkTable({ label, columns, actions, children }: Props) {
  return (
    <div className={styles["scrolls"]}>
      <Table verticalSpacing={6} highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
            {actions !== undefined && (
              <Table.Th>
                <VisuallyHidden>{actions}</VisuallyHidden>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  );
}
