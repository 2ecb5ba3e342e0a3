// Writes the JSON Schemas of the settings files into .freshet/schema/, where the modelines of the files under config/ point.
const { join } = require('node:path');
const { writeSchemaFiles } = require('../dist/client/schema-files.js');

writeSchemaFiles(join(__dirname, '..'));
