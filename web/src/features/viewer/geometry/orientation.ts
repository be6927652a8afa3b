import { length, type Vec3 } from "./affine";

const OBLIQUE = 0.35; // sin 20 degrees: a patient is never exactly straight, and a second letter must have a meaning

const DIRECTIONS = [
  ["L", "R"],
  ["P", "A"],
  ["S", "I"],
] as const;

/** The patient's side that a direction in LPS points to: one letter, or more for an oblique one (PS3.3 C.7.6.1.1.1). */
export function letters(direction: Vec3): string {
  const size = length(direction) || 1;
  return DIRECTIONS.map((way, at) => ({ way, part: (direction[at] ?? 0) / size }))
    .filter(({ part }) => Math.abs(part) > OBLIQUE)
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .map(({ way, part }) => (part > 0 ? way[0] : way[1]))
    .join("");
}

export function opposite([x, y, z]: Vec3): Vec3 {
  return [-x, -y, -z];
}
