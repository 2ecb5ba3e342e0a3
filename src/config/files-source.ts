/** What stands as `source` in config/pipelines/json2db.yaml: files, which are read and not asked. No key of config/sources.yaml. */
export const FILES_SOURCE = 'json-files';
