/* server.js - a Cube server over schema/, without its own database of rollups; with_cube.mjs starts it */
const CubejsServer = require('@cubejs-backend/server');

new CubejsServer().listen().then(({ port }) => console.log(`listening on ${port}`));
