// OHIF (3.9 or later) under one origin with Turnstile: docs/pacs.md.

// OHIF draws an SR of TID 1500 as measurements on images, and leaves the pane empty when a measurement group has no
// coordinates (OHIF/Viewers issue 3390). The verdict of Turnstile has none: its SR is shown as text.
const resultAsText = {
  id: 'turnstile.result-as-text',
  preRegistration({ servicesManager }) {
    const { displaySetService } = servicesManager.services;
    displaySetService.subscribe(displaySetService.EVENTS.DISPLAY_SETS_ADDED, ({ displaySetsAdded }) => {
      for (const added of displaySetsAdded) {
        if (added.Modality === 'SR' && added.instance.Manufacturer === 'Turnstile') {
          added.isImagingMeasurementReport = false;
        }
      }
    });
  },
};

window.config = {
  routerBasename: '/',
  showStudyList: true,
  extensions: [resultAsText],
  modes: [],
  defaultDataSourceName: 'turnstile',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'turnstile',
      configuration: {
        friendlyName: 'Turnstile',
        name: 'turnstile',
        qidoRoot: '/dicom-web',
        wadoRoot: '/dicom-web',
        wadoUriRoot: '/dicom-web',
        qidoSupportsIncludeField: false,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        bulkDataURI: { enabled: true, relativeResolution: 'studies' },
      },
    },
  ],
};
