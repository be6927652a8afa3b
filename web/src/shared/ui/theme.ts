import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from "@mantine/core";

const signal: MantineColorsTuple = [
  "#e3f7fd",
  "#c5ebf7",
  "#97dcf1",
  "#66cdec",
  "#4cc3e8",
  "#2aa9d0",
  "#1490b5",
  "#0a6f8d",
  "#085b74",
  "#04404f",
];

// Mantine's colour slots of a dark page: 0 text, 2 dim, 4 lines, 6 inputs, 7 ground.
const dark: MantineColorsTuple = [
  "#e3e9f0",
  "#bcc8d4",
  "#9dabba",
  "#7d8c9c",
  "#2d3946",
  "#212b36",
  "#161d25",
  "#0c1015",
  "#090c10",
  "#06080b",
];

/** Dense: one accent, small corners, and the page's own greys in Mantine's colour slots. */
export const theme = createTheme({
  primaryColor: "signal",
  primaryShade: { light: 7, dark: 4 },
  // Mantine picks one ink for both schemes; the accent is light on dark and dark on light.
  variantColorResolver: (input) =>
    input.variant === "filled" && (input.color ?? "signal") === "signal"
      ? {
          background: "var(--accent)",
          hover: "color-mix(in srgb, var(--accent) 86%, var(--text))",
          color: "var(--on-accent)",
          border: "1px solid transparent",
        }
      : defaultVariantColorsResolver(input),
  colors: { signal, dark },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: { fontFamily: '"Inter Variable", system-ui, sans-serif', fontWeight: "600" },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  components: {
    Button: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.6, blur: 2 } },
      styles: {
        header: { background: "var(--panel)" },
        content: { background: "var(--panel)", border: "1px solid var(--line-strong)" },
        title: { fontSize: 17, fontWeight: 620, lineHeight: 1.3 },
      },
    },
    Pagination: { styles: { control: { "--pagination-active-color": "var(--on-accent)" } } },
    Table: { styles: { th: { color: "var(--dim)", fontSize: 12, fontWeight: 550 } } },
    Menu: { defaultProps: { shadow: "md" } },
  },
});
