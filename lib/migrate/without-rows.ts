import pg from 'pg';

/** Its rows are passed over as they come: those of SELECT backfill(id) FROM big would fill the memory. */
class WithoutRows extends pg.Query {
  handleDataRow(): void {
    // Nobody wants them.
  }
}

/** Runs a statement whose rows nobody wants. */
export function queryWithoutRows(client: pg.ClientBase, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = new WithoutRows(text);
    query.on('error', reject);
    query.once('end', () => resolve());
    client.query(query);
  });
}
