import { useFormat } from "@/shared/format/use-format";

/** A moment as people say it; the exact one as its title. */
export function DateTime({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exact(at)}>
      {format.when(at)}
    </time>
  );
}
