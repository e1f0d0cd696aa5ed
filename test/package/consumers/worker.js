import { createResilience } from 'express-db-resilience';

const resilience = createResilience();
await resilience.ready();
const { rows } = await resilience.db.query('select name from users where id = $1', [1]);
await resilience.close();
console.log(JSON.stringify(rows));
