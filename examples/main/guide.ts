import { faultWords } from './faults.js';

interface GuideOptions {
  url: string;
  database: string;
  /** Whether the database is ours to break. */
  breakable: boolean;
}

/** What to try, for 80 columns. */
export function guide({ url, database, breakable }: GuideOptions): string {
  const parts = [
    `  The example of express-db-resilience serves on

    ${url}

  with ${database}.

  Try, in another terminal:

    curl -i '${url}/exploits?limit=3'
    curl -i ${url}/exploits/7
    curl -i ${url}/exploits \\
         -H 'Content-Type: application/json' \\
         -d '{"title": "A new one", "severity": "high"}'
    curl -i '${url}/slow?seconds=10'    # 504 after 3 s
    curl -i ${url}/api/readyz

  What the monitor tells of it, here and over HTTP:

    curl '${url}/slow?seconds=1'    # told with its plan
    curl ${url}/mistakes/n-plus-one
    curl -X POST ${url}/mistakes/leak    # told after 5 s

    curl ${url}/api/health/database
    curl ${url}/api/metrics/database
    curl '${url}/api/metrics/queries?limit=10'
    curl ${url}/api/metrics/server
    curl ${url}/api/metrics    # for Prometheus
    curl ${url}/api/openapi.json
`,
  ];
  if (breakable) {
    const words = Object.entries(faultWords).map(([word, meaning]) => `    ${word.padEnd(10)} ${meaning}\n`);
    parts.push(
      `  Then break the database under it and watch: type a word here, or
  curl -X POST ${url}/faults/kill

${words.join('')}`,
    );
  } else {
    parts.push('  Faults are not available: the database of DATABASE_URL is not mine to break.\n');
  }
  parts.push('  Ctrl-C ends the example and leaves nothing running.\n');
  return parts.join('\n');
}
