// Runs before the first paint: the chosen colours and language, so that neither flashes.
(() => {
  const root = document.documentElement;
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be forbidden; the system's choice holds
    }
  };
  const scheme = read("turnstile-colours");
  const dark = scheme === "dark" || (scheme !== "light" && !matchMedia("(prefers-color-scheme: light)").matches);
  root.dataset.mantineColorScheme = dark ? "dark" : "light";
  root.style.background = dark ? "#0c1015" : "#f4f6f8";
  const language = read("turnstile-language") ?? navigator.language;
  root.lang = language.toLowerCase().startsWith("ru") ? "ru" : "en";
})();
