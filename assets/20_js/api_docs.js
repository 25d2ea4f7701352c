/* Starts the offline reader of the REST description. Loaded by /api/docs only. */
window.addEventListener("load", function () {
  window.SwaggerUIBundle({
    url: document.getElementById("swagger-ui").dataset.spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    withCredentials: true,
  });
});
