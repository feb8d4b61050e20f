// A plugin of serverless.yml: no package and no deployment of bundles that the sources here do not make.
module.exports = class FreshBundles {
  constructor(serverless) {
    const refuse = async () => {
      const { staleBundles } = await import('./build-stamp.mjs');
      const fault = staleBundles();
      if (fault) throw new serverless.classes.Error(fault, 'CHECKPILOT_STALE_BUNDLES');
    };
    this.hooks = {
      'before:package:initialize': refuse,
      'before:deploy:deploy': refuse,
      'before:deploy:function:initialize': refuse,
    };
  }
};
