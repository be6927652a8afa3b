export function NumbersRoute() {
  return null;
}
