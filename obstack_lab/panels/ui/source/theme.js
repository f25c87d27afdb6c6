// JupyterLab's colours and font for Material UI, in light and in dark.

import { createTheme } from "@mui/material";
import { generateChartsTheme, getTheme } from "@perses-dev/components";

const SERIES = {
  light: ["#0072b2", "#cc79a7", "#56b4e9", "#7a5ea8", "#6b7280", "#2f4b7c", "#a05195", "#8a9a5b"],
  dark: ["#56b4e9", "#e39cc4", "#3d8fd1", "#b39ddb", "#9aa3af", "#8fb4e8", "#d08cc6", "#b5c47f"],
};
const TONES = {
  light: { error: "#b04a00", warning: "#835a00", success: "#00694d", primary: "#005f9c" },
  dark: { error: "#ff9a5c", warning: "#f0b429", success: "#3ecfa3", primary: "#7cc4f5" },
};

// Quiet and quick: nothing slides, pulses or ripples; a kernel's machine has better to do.
const STILL = {
  MuiButtonBase: { disableRipple: true },
  MuiSkeleton: { animation: false },
  MuiTabs: { selectionFollowsFocus: true },
  MuiLink: { sx: { "&&": { color: "primary.main", textDecoration: "underline" } } },
};
// A label is higher than its font's size: what an axis sets aside for it should hold all of it. And
// times that would stand without a gap count as overlapping: every other one is hidden then.
const ROOM = { grid: { top: 10 }, timeAxis: { axisLabel: { lineHeight: 18, padding: [0, 6] } } };
const NO_TRANSITIONS = { create: () => "none" };

export function isDark() {
  return document.body.dataset.jpThemeLight === "false";
}

export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  return () => observer.disconnect();
}

// JupyterLab writes colours in any of CSS's ways; Material UI calculates with rgb only.
function colour(variable) {
  const value = getComputedStyle(document.body).getPropertyValue(variable).trim();
  if (!value) return undefined;
  const probe = document.createElement("i");
  probe.style.color = value;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return /^rgba?\(/.test(found) ? found : undefined;
}

function given(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function themes(dark) {
  const mode = dark ? "dark" : "light";
  const base = getTheme(mode);
  const paper = colour("--jp-layout-color1");
  const ink = given({ primary: colour("--jp-ui-font-color0") });
  const font = getComputedStyle(document.body).getPropertyValue("--jp-ui-font-family").trim() || "system-ui, sans-serif";
  const tones = Object.fromEntries(Object.entries(TONES[mode]).map(([name, main]) => [name, { main }]));
  const components = { ...base.components };
  for (const [name, props] of Object.entries(STILL)) {
    components[name] = { ...components[name], defaultProps: { ...components[name]?.defaultProps, ...props } };
  }
  const muiTheme = createTheme({
    ...base,
    components,
    transitions: { ...base.transitions, ...NO_TRANSITIONS },
    palette: {
      ...base.palette,
      ...tones,
      background: { ...base.palette.background, ...given({ default: paper, paper }) },
      text: { ...base.palette.text, ...ink },
    },
    typography: { ...base.typography, fontFamily: font },
  });
  const look = { color: SERIES[mode], aria: { enabled: true }, ...ROOM };
  const charts = generateChartsTheme(muiTheme, { echartsTheme: look });
  return { mode, muiTheme, charts };
}
