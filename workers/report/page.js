"use strict";
// Plays a line of source or dub: the buttons tell from where to where, in seconds.
const heard = document.getElementById("heard");
const players = {};
let end = Infinity;
for (const player of document.querySelectorAll("audio")) {
  players[player.id] = player;
  player.addEventListener("play", () => {
    for (const other of Object.values(players)) if (other !== player) other.pause();
  });
  player.addEventListener("timeupdate", () => {
    if (player.currentTime >= end) { player.pause(); end = Infinity; }
  });
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-track]");
  if (!button) return;
  const player = players[button.dataset.track];
  end = Number(button.dataset.to);
  player.currentTime = Number(button.dataset.from);
  player.play();
  heard.textContent = button.getAttribute("aria-label").replace(/^Play /, "");
});
