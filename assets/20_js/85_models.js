/* Models: the chosen one's card is brought into view within the box that holds all of them. */
(function () {
  "use strict";
  let shown = null;
  new MutationObserver(() => {
    const chosen = document.querySelector('.models [data-set="model"][aria-pressed="true"]');
    const card = chosen ? chosen.dataset.value : null;
    if (card === shown) return;
    shown = card;
    if (!chosen) return;
    const box = chosen.parentElement;
    const [inner, outer] = [chosen.getBoundingClientRect(), box.getBoundingClientRect()];
    if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + 12;
    else if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + 12;
    if (inner.right > outer.right || inner.left < outer.left) box.scrollLeft += inner.left - outer.left - 12;
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-pressed"] });
})();
