console.log('before'); // standard output is a handle itself
const before = process.getActiveResourcesInfo();
await import('express-db-resilience');
await import('express-db-resilience/testing');
const added = process.getActiveResourcesInfo().slice(before.length);
console.log(JSON.stringify(added));
