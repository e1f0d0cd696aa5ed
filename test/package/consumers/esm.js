import express from 'express';
import { dbErrorHandler, dbResilience } from 'express-db-resilience';

const app = express();
const resilience = dbResilience();
app.use(resilience);
app.get('/users/:id', async (req, res) => {
  const { rows } = await req.db.query('select * from users where id = $1', [req.params.id]);
  res.json(rows[0]);
});
app.use('/api', resilience.routes());
app.use(dbErrorHandler());

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.once('SIGTERM', () => {
  server.close();
  resilience.close();
});
