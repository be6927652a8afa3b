/** The product's logo: a turnstile seen from above. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <circle cx="16" cy="16" r="13.4" stroke="var(--accent)" strokeOpacity=".4" strokeWidth="1.6" />
      <path d="M16 16V4.4M16 16l10 5.8M16 16L6 21.800" stroke="var(--accent)" strokeWidth="3" strokeLinecap="round" />
      <circle cx="16" cy="16" r="3" fill="var(--panel)" stroke="var(--accent)" strokeWidth="2" />
    </svg>
  );
}
