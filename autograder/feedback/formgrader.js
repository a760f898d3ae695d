"use strict";

// Formulas are MathML already. Where nbgrader's MathJax cannot be fetched, its program would stop at this name, and the
// keys that it explains would do nothing.
window.MathJax = window.MathJax || { Hub: { Startup: { signal: { Interest: (then) => then("End") } } } };

// A rubric is a table in the cell before an answer that a person grades: points first, then what they are for. Each part
// gets a field; the parts are kept in the comment, as a list, and when all are filled in, their sum is the score.
function addRubric(table, panel) {
  const score = panel.querySelector("input.score");
  const comment = panel.querySelector("textarea.comment");
  const parts = Array.from(table.querySelectorAll("tbody tr"), (row) => ({
    most: Number(row.cells[0].textContent),
    name: (row.cells[1].querySelector("strong") || row.cells[1]).textContent.trim(),
  }));
  if (!score || !comment || !parts.length || parts.some((part) => !(part.most > 0))) return;

  const before = (part) => `- ${part.name}: `;
  const after = (part) => ` / ${part.most}`;
  const partOf = (text) => parts.find((part) => text.startsWith(before(part)) && text.endsWith(after(part)));
  const box = document.createElement("table");
  box.className = "ag-rubric";
  for (const part of parts) {
    const field = Object.assign(document.createElement("input"), {
      type: "number", min: 0, max: part.most, step: 0.25, className: "tabbable",
    });
    field.setAttribute("aria-label", part.name);
    field.addEventListener("change", save);
    part.field = field;
    const row = box.insertRow();
    row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: part.name }));
    row.insertCell().append(field, after(part));
  }
  comment.before(box);
  $(document).one("ajaxStop", read); // nbgrader has fetched the comment

  function read() {
    for (const text of comment.value.split("\n").filter(partOf)) {
      const part = partOf(text);
      part.field.value = text.slice(before(part).length, -after(part).length);
    }
  }

  function save() {
    if (parts.some((part) => !part.field.checkValidity())) return;
    const filled = parts.filter((part) => part.field.value !== "");
    const list = filled.map((part) => before(part) + part.field.value + after(part)).join("\n");
    const rest = comment.value.split("\n").filter((text) => !partOf(text)).join("\n").trim();
    comment.value = [list, rest].filter(Boolean).join("\n\n");
    $(comment).trigger("change");
    if (filled.length < parts.length) return;
    score.value = filled.reduce((sum, part) => sum + Number(part.field.value), 0);
    $(score).trigger("change");
  }
}

for (const panel of document.querySelectorAll(".nbgrader_cell")) {
  const before = panel.closest(".cell").previousElementSibling;
  const table = before && before.querySelector("table");
  if (table) addRubric(table, panel);
}
