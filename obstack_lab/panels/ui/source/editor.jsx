// A CodeMirror editor for one of the three languages. Enter runs; Shift+Enter makes a new line.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { Box, useTheme } from "@mui/material";
import { useEffect, useRef } from "react";
import { extensionFor } from "./languages.js";

const NAMES = { metrics: "PromQL", logs: "LogQL", traces: "TraceQL" };
const jupyter = (name) => `var(--jp-mirror-editor-${name}-color)`;
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.function(tags.keyword)], color: jupyter("keyword") },
  { tag: tags.labelName, color: jupyter("property") },
  { tag: tags.string, color: jupyter("string") },
  { tag: [tags.number, tags.literal], color: jupyter("number") },
  { tag: tags.comment, color: jupyter("comment") },
  { tag: tags.operator, color: jupyter("operator") },
  { tag: tags.function(tags.variableName), color: jupyter("builtin") },
]);

function look(palette, mode) {
  return EditorView.theme(
    {
      "&": { backgroundColor: palette.background.default, color: palette.text.primary, border: `1px solid ${palette.divider}`, borderRadius: "2px", fontSize: "13px" },
      "&.cm-focused": { outline: `2px solid ${palette.primary.main}` },
      ".cm-content": { caretColor: palette.text.primary, fontFamily: "var(--jp-code-font-family, monospace)", padding: "5px 2px" },
      ".cm-cursor": { borderLeftColor: palette.text.primary },
      ".cm-scroller": { maxHeight: "120px", overflow: "auto" },
      ".cm-tooltip": { backgroundColor: palette.background.paper, border: `1px solid ${palette.divider}`, color: palette.text.primary, zIndex: "1400" },
    },
    { dark: mode === "dark" },
  );
}

function runOn(run) {
  const press = (view) => {
    if (completionStatus(view.state) === "active") return false; // Enter takes the offered word
    run(view.state.doc.toString());
    return true;
  };
  const always = (view) => {
    run(view.state.doc.toString());
    return true;
  };
  return Prec.highest(keymap.of([{ key: "Enter", run: press }, { key: "Mod-Enter", run: always }]));
}

export function QueryEditor({ signal, value, onChange, onRun, transport }) {
  const place = useRef(null);
  const view = useRef(null);
  const latest = useRef({});
  latest.current = { onChange, onRun };
  const { palette } = useTheme();

  useEffect(() => {
    const tips = document.createElement("div"); // a short cell would clip the list of completions
    tips.className = "ob-editor-tips";
    document.body.append(tips);
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          runOn((text) => latest.current.onRun(text)),
          history(),
          closeBrackets(),
          bracketMatching(),
          autocompletion(),
          tooltips({ parent: tips, position: "fixed" }),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          extensionFor(signal, transport),
          syntaxHighlighting(colours),
          EditorView.lineWrapping,
          placeholder(`A ${NAMES[signal]} query; Enter runs it`),
          EditorView.contentAttributes.of({ "aria-label": `${NAMES[signal]} query` }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
          look(palette, palette.mode),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      tips.remove();
    };
  }, [signal, transport, palette]);

  useEffect(() => {
    const editor = view.current;
    const now = editor.state.doc.toString();
    if (now !== value) editor.dispatch({ changes: { from: 0, to: now.length, insert: value } });
  }, [value]);

  // JupyterLab takes the border from every editor of its page.
  const border = { "& .cm-editor": { border: `1px solid ${palette.divider} !important` } };
  return <Box ref={place} className="ob-query-editor" sx={{ flex: 1, minWidth: 0, ...border }} />;
}
