/**
 * Says something to whoever listens to the page instead of looking at it.
 * @param {string} words
 */
export function announce(words) {
  const said = document.querySelector("#said");
  said.textContent = "";
  // A region that is emptied and filled at once is not read again when the words are the same.
  setTimeout(() => { said.textContent = words; }, 50);
}
