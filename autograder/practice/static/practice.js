"use strict";
// the size is told before anything is sent; a waiting page says where its attempt stands, and goes on to the feedback;
// a page that says that the service is starting tries again
const file = document.getElementById("notebook");
if (file) {
  const tooLarge = document.getElementById("toolarge");
  const largest = Number(file.form.dataset.largest);
  const isTooLarge = () => [...file.files].some((one) => one.size > largest);
  file.addEventListener("change", () => { tooLarge.hidden = !isTooLarge(); });
  file.form.addEventListener("submit", (event) => {
    if (isTooLarge()) { event.preventDefault(); tooLarge.hidden = false; file.focus(); }
  });
}
const state = document.getElementById("state");
if (state) {
  const ask = async () => {
    try {
      // a hub takes a login's cookie from a program only with the page's token
      const headers = { Accept: "application/json", "X-XSRFToken": state.dataset.xsrf };
      const answer = await fetch(state.dataset.state, { headers, redirect: "manual" });
      if (answer.type === "opaqueredirect") { setTimeout(() => location.reload(), 3000); return; } // log in again
      const found = await answer.json();
      if (found.state !== "waiting" && found.state !== "running") { location.replace(state.dataset.page); return; }
      if (state.textContent !== found.text) { state.textContent = found.text; }
    } catch { /* asked again below */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 300);
}
if (document.querySelector("[data-again]")) { setTimeout(() => location.reload(), 5000); }
