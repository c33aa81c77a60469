(function () {
  "use strict";
  var specs = JSON.parse(document.getElementById("specs").textContent), told = document.documentElement.dataset;
  told.drawn = "0"; told.faults = "0";
  Promise.all(Object.keys(specs).map(function (name) {
    var place = document.querySelector('[data-chart="' + name + '"]'), picture = place.parentNode.querySelector("img");
    place.hidden = false;
    return vegaEmbed(place, specs[name], { ast: true, actions: false, renderer: "svg", tooltip: { theme: "light" } }).then(function () {
      var live = place.querySelector("svg");
      live.setAttribute("role", "img"); live.setAttribute("aria-label", picture.alt); picture.hidden = true;
      told.drawn = String(Number(told.drawn) + 1);
    }).catch(function () { place.hidden = true; told.faults = String(Number(told.faults) + 1); });
  })).then(function () { told.ready = "yes"; });
})();
