import { useQuery } from "@tanstack/react-query";
import type { OperatingPoint } from "@/shared/api/model";
import { modelCardQuery } from "@/shared/api/statistics";

/** The operating point with the intervals of the model card, if the report was made with the card in force. */
export function useMeasuredPoint(point: OperatingPoint, madeWith: string | undefined): OperatingPoint {
  const card = useQuery(modelCardQuery).data;
  if (card === undefined || card.version !== madeWith) return { ...point };
  return { ...point, ...card.operating_points[point.name], threshold: point.threshold };
}
