/** A third migration, and where it fails. */
export interface Failing {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly sqlState: string;
}

/** What only the server can find. */
export const failingStatements: Readonly<Record<string, Failing>> = {
  'a table that there is not': {
    text: 'create table third (id int);\n\ninsert into\n  missing values (1);\n',
    line: 4,
    column: 3,
    sqlState: '42P01',
  },
  'a column that there is not, behind letters of several bytes': {
    text: "insert into first values (1);\nselect '€😀ä', wrong from first;\n",
    line: 2,
    column: 15,
    sqlState: '42703',
  },
  'a division by zero in the second statement of a line': {
    text: 'create table third (id int); select 1 / 0;\n',
    line: 1,
    column: 30,
    sqlState: '22012',
  },
  'a table that there is already': { text: '\n\n create table first (id int);', line: 3, column: 2, sqlState: '42P07' },
  'an error in a function that it calls': {
    text: 'create function f() returns int language plpgsql as $$\nbegin\n  perform 1 / 0;\n  return 1;\nend $$;\n\nselect f();\n',
    line: 7,
    column: 1,
    sqlState: '22012',
  },
  'an error in the body of a function, as it is made': {
    text: 'select 1;\ncreate function f() returns int language sql as $$\n  select wrong\n    from first\n$$;\n',
    line: 3,
    column: 10,
    sqlState: '42703',
  },
};
