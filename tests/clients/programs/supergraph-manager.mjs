// Follows a supergraph as an Apollo gateway would have it done, and says what it is given.
import { createSupergraphManager } from '@graphql-hive/apollo';

const [endpoint, key] = process.argv.slice(2);

const manager = createSupergraphManager({
  endpoint,
  key,
  pollIntervalInMs: 500,
  fetchImplementation: async (...request) => {
    const response = await fetch(...request);
    console.log(`status ${response.status}`);
    return response;
  },
});

const told = (sdl) => (sdl.includes('colour') ? 'with colour' : 'without colour');

try {
  const { supergraphSdl } = await manager.initialize({
    update: (sdl) => console.log(`updated ${told(sdl)}`),
    healthCheck: () => undefined,
    getDataSource: () => undefined,
  });
  console.log(`initial ${told(supergraphSdl)}`);
} catch (error) {
  console.log(`failed ${error.message}`);
}
