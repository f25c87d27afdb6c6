// JupyterLab loads this as it loads any prebuilt extension: a container of modules, here of one.

(() => {
  // The server says which module it is; a widget that needs another one has it from its kernel.
  async function preload() {
    const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    await import(`${baseUrl}obstack-lab/preload.js`);
  }

  const plugin = {
    id: "obstack-lab:preload",
    description: "Loads the dashboards' module once there is nothing else to do.",
    autoStart: true,
    activate: (app) => {
      app.restored.then(() => requestIdleCallback(() => preload().catch(() => {}), { timeout: 5000 }));
    },
  };
  const modules = { "./extension": { __esModule: true, default: plugin } };
  (window._JUPYTERLAB ??= {})["obstack-lab"] = {
    init: () => {},
    get: async (name) => () => modules[name],
  };
})();
