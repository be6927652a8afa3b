import { Fragment, type ReactNode, useId } from "react";
import styles from "./section.module.css";

interface Props {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a panel under its own heading. */
export function Section({ title, aside, children }: Props) {
  const id = useId();
  return (
    <section className={styles["section"]} aria-labelledby={id}>
      <div className={styles["head"]}>
        <h2 id={id} className={styles["title"]}>
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export function Panel({ children, className = "" }: { children: ReactNode; className?: string | undefined }) {
  return <div className={`${styles["panel"]} ${className}`}>{children}</div>;
}

/** Names and values; a value that is null is left out. */
export function DefinitionList({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles["facts"]}>
      {items.map(([name, value]) =>
        value === null || value === undefined ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}
