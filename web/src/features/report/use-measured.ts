import { useQuery } from "@tanstack/react-query";
import type { OperatingPoint } from "@/shared/api/model";
import { modelCardQuery } from "@/shared/api/numbers";

/** The point with the intervals of its model card, as long as the report was made with the card that serves now. */
export function useMeasured(point: OperatingPoint, madeWith: string | undefined): OperatingPoint {
  const card = useQuery(modelCardQuery).data;
  if (card === undefined || card.version !== madeWith) return { ...point };
  return { ...point, ...card.operating_points[point.name], threshold: point.threshold };
}
