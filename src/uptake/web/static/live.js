// The page is complete without this file. It follows one stream, and when the ledger has grown it asks for this
// page again and swaps <main>; where a reader was, and what they had opened, stays.
"use strict";
(() => {
  const laterMs = 15000;
  const live = document.getElementById("live");
  let stream = null, asking = false, again = false;
  let shown = document.querySelector("main").innerHTML;

  const say = (state, words) => {
    live.dataset.state = state;
    live.querySelector("span").textContent = words;
  };

  const swap = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const main = next.querySelector("main"), old = document.querySelector("main");
    if (!main || main.innerHTML === shown) return;
    shown = main.innerHTML;
    for (const one of main.querySelectorAll("details[id]")) one.open = document.getElementById(one.id)?.open ?? one.open;
    const focused = document.activeElement?.id;
    old.replaceWith(main);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = next.title;
  };

  const look = async () => {
    if (asking) return void (again = true);
    asking = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
        if (answer.redirected || !answer.ok) {
          say("off", answer.redirected ? "Signed out" : "Server trouble");
        } else {
          swap(await answer.text());
          say("on", "Live");
        }
      } catch {
        say("off", "Server not reached");
      }
    } while (again);
    asking = false;
  };

  const follow = () => {
    if (document.hidden || (stream && stream.readyState !== EventSource.CLOSED)) return;
    stream = new EventSource("/stream");
    stream.onmessage = look;
    stream.onerror = () => say("off", stream.readyState === EventSource.CLOSED ? "Not following" : "Server not reached");
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? stream?.close() : follow()));
  setInterval(follow, laterMs);
  follow();
})();
